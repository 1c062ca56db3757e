// Package dump reads and writes items as DynamoDB exports a table to S3: lines
// of DYNAMODB_JSON, plain or gzipped, in one file or in a folder with manifests.
//
// What DynamoDB has exported is checked and drilled on a laptop, where nobody has
// to read a table whole to get at it; and a local store is written as the same, so
// that the way back is tested from both sides.
package dump

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fullmakt/fullmakt/internal/table"
)

// line is one item of an export.
type line struct {
	Item map[string]attribute
}

// attribute is one in DynamoDB's words. Items here have texts and numbers only.
type attribute struct {
	S *string `json:",omitempty"`
	N *string `json:",omitempty"`
}

// Write writes items, a line each.
func Write(w io.Writer, items iter.Seq2[table.Item, error]) (n int64, err error) {
	out := bufio.NewWriterSize(w, 1<<16)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for item, err := range items {
		if err != nil {
			return n, err
		}
		if err := enc.Encode(line{encode(item)}); err != nil {
			return n, err
		}
		n++
	}
	return n, out.Flush()
}

func encode(item table.Item) map[string]attribute {
	schema := table.TheSchema
	image := map[string]attribute{
		schema.PK: text(item.PK), schema.SK: text(item.SK), schema.Version: number(item.Version), schema.Body: text(string(item.Body)),
	}
	if !item.ExpiresAt.IsZero() {
		image[schema.Expires] = number(item.ExpiresAt.Unix())
	}
	for _, index := range schema.Indexes {
		if key, ok := item.Index[index.Name]; ok {
			image[index.PK], image[index.SK] = text(key.PK), text(key.SK)
		}
	}
	return image
}

func text(s string) attribute { return attribute{S: &s} }

func number(n int64) attribute {
	s := strconv.FormatInt(n, 10)
	return attribute{N: &s}
}

// decode refuses what the table of this version does not have: to leave it out
// would be to lose it.
func decode(image map[string]attribute) (item table.Item, err error) {
	schema := table.TheSchema
	left := len(image)
	take := func(name string) attribute {
		if _, ok := image[name]; ok {
			left--
		}
		return image[name]
	}
	text := func(name string) string {
		a := take(name)
		if a.S == nil && err == nil {
			err = fmt.Errorf("attribute %s is not a string", name)
		}
		if a.S == nil {
			return ""
		}
		return *a.S
	}
	number := func(name string) (n int64) {
		a := take(name)
		switch {
		case err != nil:
		case a.N == nil:
			err = fmt.Errorf("attribute %s is not a number", name)
		default:
			n, err = strconv.ParseInt(*a.N, 10, 64)
		}
		return n
	}
	item = table.Item{Key: table.Key{PK: text(schema.PK), SK: text(schema.SK)}, Version: number(schema.Version), Body: []byte(text(schema.Body))}
	if _, ok := image[schema.Expires]; ok {
		item.ExpiresAt = time.Unix(number(schema.Expires), 0).UTC()
	}
	for _, index := range schema.Indexes {
		if _, ok := image[index.PK]; !ok {
			continue
		}
		if item.Index == nil {
			item.Index = make(map[table.Index]table.Key, len(schema.Indexes))
		}
		item.Index[index.Name] = table.Key{PK: text(index.PK), SK: text(index.SK)}
	}
	if err == nil && left != 0 {
		err = errors.New("it has attributes that no item of this table has")
	}
	return item, err
}

// Dump is an export that can be read, as often as is wanted.
type Dump struct {
	// At is the moment whose state it is; zero where no manifest says so.
	At    time.Time
	files []file
	total int64 // items, as the manifest has it; -1: nobody has counted
}

type file struct {
	name  string
	items int64 // as the manifest has it; -1: nobody has counted
}

// Open finds the files of an export: one file, or a folder as DynamoDB makes it,
// wherever in it the export lies.
func Open(path string) (*Dump, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return &Dump{files: []file{{path, -1}}, total: -1}, nil
	}
	d := &Dump{total: -1}
	var manifests, summaries []string
	err = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		switch base := filepath.Base(name); {
		case err != nil || entry.IsDir():
			return err
		case base == "manifest-files.json":
			manifests = append(manifests, name)
		case base == "manifest-summary.json":
			summaries = append(summaries, name)
		case strings.HasSuffix(base, ".json.gz"), strings.HasSuffix(base, ".json"), strings.HasSuffix(base, ".jsonl"):
			d.files = append(d.files, file{name, -1})
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case len(manifests) > 1 || len(summaries) > 1:
		return nil, fmt.Errorf("%s holds several exports; name the folder of one", path)
	case len(d.files) == 0:
		return nil, fmt.Errorf("%s holds no export: no file in it ends with .json.gz or .json", path)
	}
	for _, name := range summaries {
		if err := d.summary(name); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, name := range manifests {
		if err := d.manifest(name); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return d, nil
}

// summary reads what DynamoDB says of the whole export.
func (d *Dump) summary(name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var s struct {
		ExportTime   time.Time
		ItemCount    int64
		OutputFormat string
		ExportType   string
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	if s.OutputFormat != "DYNAMODB_JSON" || s.ExportType != "" && s.ExportType != "FULL_EXPORT" {
		return fmt.Errorf("it is of an export of type %s in the format %s; a full one in DYNAMODB_JSON is wanted", s.ExportType, s.OutputFormat)
	}
	d.At, d.total = s.ExportTime.UTC(), s.ItemCount
	return nil
}

// manifest reads which files there have to be, and how much is in each.
func (d *Dump) manifest(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	found := d.files
	d.files = nil
	for dec := json.NewDecoder(f); ; {
		var m struct {
			ItemCount     int64
			DataFileS3Key string
		}
		if err := dec.Decode(&m); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		base := m.DataFileS3Key[strings.LastIndex(m.DataFileS3Key, "/")+1:]
		i := slices.IndexFunc(found, func(f file) bool { return filepath.Base(f.name) == base })
		if i < 0 {
			return fmt.Errorf("the file %s is not there", base)
		}
		d.files = append(d.files, file{found[i].name, m.ItemCount})
	}
}

// Items reads all of it, in no order. What cannot be read, or is not as much as
// the manifests say, is an error, after which there is nothing more.
func (d *Dump) Items(ctx context.Context) iter.Seq2[table.Item, error] {
	return func(yield func(table.Item, error) bool) {
		total := int64(0)
		for _, f := range d.files {
			n, more, err := f.read(ctx, yield)
			if err == nil && more && f.items >= 0 && n != f.items {
				err = fmt.Errorf("%s has %d items, and should have %d", f.name, n, f.items)
			}
			if err != nil {
				yield(table.Item{}, err)
			}
			if err != nil || !more {
				return
			}
			total += n
		}
		if d.total >= 0 && total != d.total {
			yield(table.Item{}, fmt.Errorf("the export has %d items, and should have %d", total, d.total))
		}
	}
}

// read yields the items of a file; more is false once nobody wants any.
func (f file) read(ctx context.Context, yield func(table.Item, error) bool) (n int64, more bool, err error) {
	r, err := os.Open(f.name)
	if err != nil {
		return 0, false, err
	}
	defer r.Close()
	in := bufio.NewReaderSize(r, 1<<16)
	if magic, _ := in.Peek(2); string(magic) == "\x1f\x8b" {
		unzipped, err := gzip.NewReader(in)
		if err != nil {
			return 0, false, fmt.Errorf("%s: %w", f.name, err)
		}
		in = bufio.NewReaderSize(unzipped, 1<<16)
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 8*table.MaxItemSize) // what is escaped is longer
	for at := 1; lines.Scan(); at++ {
		if err := ctx.Err(); err != nil {
			return n, false, err
		}
		if len(lines.Bytes()) == 0 {
			continue
		}
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil || l.Item == nil {
			return n, false, fmt.Errorf("%s:%d: not an item of an export", f.name, at) // and nothing of what it says
		}
		item, err := decode(l.Item)
		if err != nil {
			return n, false, fmt.Errorf("%s:%d: %w", f.name, at, err)
		}
		n++
		if !yield(item, nil) {
			return n, false, nil
		}
	}
	if err := lines.Err(); err != nil {
		return n, false, fmt.Errorf("%s: %w", f.name, err)
	}
	return n, true, nil
}

// Load puts items into an empty table. That one is there twice is an error.
func Load(ctx context.Context, into table.Table, items iter.Seq2[table.Item, error]) (n int64, err error) {
	var ops []table.Op
	size := 0
	flush := func() error {
		if len(ops) == 0 {
			return nil
		}
		err := into.Transact(ctx, ops...)
		n += int64(len(ops))
		ops, size = ops[:0], 0
		if _, there := errors.AsType[*table.ConditionError](err); there {
			return fmt.Errorf("dump: an item is there twice, or the table was not empty: %w", err)
		}
		return err
	}
	seen := map[table.Key]bool{} // of the transaction that is being made
	for item, err := range items {
		if err != nil {
			return n, err
		}
		weight := len(item.PK) + len(item.SK) + len(item.Body) + 4*table.MaxKeySize
		if len(ops) == table.MaxOps || size+weight > table.MaxTransactSize {
			if err := flush(); err != nil {
				return n, err
			}
			clear(seen)
		}
		if seen[item.Key] {
			return n, errors.New("dump: an item is there twice")
		}
		seen[item.Key] = true
		ops, size = append(ops, table.Put(item, table.IfAbsent)), size+weight
	}
	return n, flush()
}
