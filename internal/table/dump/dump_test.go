package dump_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/dump"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
)

// items have everything that an item can have, and what is awkward in JSON.
var items = []table.Item{
	{Key: table.Key{PK: "a", SK: "1"}, Version: 1, Body: []byte(`{}`)},
	{
		Key: table.Key{PK: "a", SK: "<2>&\u2028"}, Version: 9_007_199_254_740_993, ExpiresAt: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC),
		Index: map[table.Index]table.Key{table.ByName: {PK: "n", SK: "å\x00"}}, Body: []byte(`{"name":"Åse \"\\ \u0000 𝕏","n":1}`),
	},
	{Key: table.Key{PK: "b", SK: "1"}, Version: 2, Index: map[table.Index]table.Key{table.ByName: {PK: "n", SK: "1"}, table.ByTime: {PK: "t", SK: "2"}}, Body: []byte(`{"a":"` + strings.Repeat("\\\"", 50_000) + `"}`)},
}

// whole compares bodies as one; byte by byte takes seconds.
var whole = cmp.Comparer(bytes.Equal)

func all(items []table.Item) iter.Seq2[table.Item, error] {
	return func(yield func(table.Item, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

func written(t testing.TB, items []table.Item) []byte {
	t.Helper()
	var b bytes.Buffer
	if n, err := dump.Write(&b, all(items)); err != nil || n != int64(len(items)) {
		t.Fatal(n, err)
	}
	return b.Bytes()
}

func file(t testing.TB, folder, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func zipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(t testing.TB, path string) (found []table.Item, at time.Time, err error) {
	t.Helper()
	d, err := dump.Open(path)
	if err != nil {
		return nil, at, err
	}
	for item, err := range d.Items(t.Context()) {
		if err != nil {
			return found, d.At, err
		}
		found = append(found, item)
	}
	slices.SortFunc(found, func(a, b table.Item) int { return strings.Compare(a.PK+"\x00"+a.SK, b.PK+"\x00"+b.SK) })
	return found, d.At, nil
}

// XI10: what is dumped and loaded is what was there, item by item.
func TestXI10_RoundTrip(t *testing.T) {
	t.Parallel()
	data := written(t, items)
	for name, path := range map[string]string{
		"plain": file(t, t.TempDir(), "dump.json", data), "gzipped": file(t, t.TempDir(), "dump", zipped(t, data)),
		"with empty lines": file(t, t.TempDir(), "dump", append([]byte("\n\n"), data...)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, _, err := read(t, path)
			if diff := cmp.Diff(items, found, whole); diff != "" || err != nil {
				t.Fatalf("%v\n%s", err, diff)
			}
			tb, err := sqlitetable.Open(sqlitetable.Memory)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { tb.Close() })
			if n, err := dump.Load(t.Context(), tb, all(found)); err != nil || n != int64(len(items)) {
				t.Fatal(n, err)
			}
			var again bytes.Buffer
			if _, err := dump.Write(&again, tb.Dump(t.Context())); err != nil || !bytes.Equal(again.Bytes(), data) {
				t.Errorf("written again it is another: %v", err)
			}
			// What is there already is not written over.
			if _, err := dump.Load(t.Context(), tb, all(found)); err == nil {
				t.Error("loaded into a table that is not empty")
			}
		})
	}
}

// manifests are as DynamoDB writes them, of so many items in a file each.
func manifests(t testing.TB, folder, kind string, total int, counts map[string]int) {
	t.Helper()
	var files strings.Builder
	for name, n := range counts {
		fmt.Fprintf(&files, `{"itemCount":%d,"md5Checksum":"x","etag":"x-1","dataFileS3Key":"AWSDynamoDB/01-ab/data/%s"}`+"\n", n, name)
	}
	file(t, folder, "AWSDynamoDB/01-ab/manifest-files.json", []byte(files.String()))
	file(t, folder, "AWSDynamoDB/01-ab/manifest-summary.json", fmt.Appendf(nil,
		`{"version":"2020-06-30","exportTime":"2026-11-02T09:00:00.034Z","itemCount":%d,"outputFormat":"DYNAMODB_JSON","exportType":%q}`, total, kind))
	file(t, folder, "AWSDynamoDB/01-ab/manifest-summary.checksum", []byte("x"))
	file(t, folder, "AWSDynamoDB/01-ab/_started", nil)
}

func TestXI10_AnExportOfDynamoDB(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	manifests(t, folder, "FULL_EXPORT", 3, map[string]int{"one.json.gz": 2, "two.json.gz": 1, "none.json.gz": 0})
	file(t, folder, "AWSDynamoDB/01-ab/data/one.json.gz", zipped(t, written(t, items[1:])))
	file(t, folder, "AWSDynamoDB/01-ab/data/two.json.gz", zipped(t, written(t, items[:1])))
	file(t, folder, "AWSDynamoDB/01-ab/data/none.json.gz", zipped(t, nil))
	for range 2 { // as often as is wanted
		found, at, err := read(t, folder)
		if diff := cmp.Diff(items, found, whole); diff != "" || err != nil || !at.Equal(time.Date(2026, 11, 2, 9, 0, 0, 34e6, time.UTC)) {
			t.Errorf("%v, %v\n%s", at, err, diff)
		}
	}
	if found, _, err := read(t, filepath.Join(folder, "AWSDynamoDB", "01-ab", "data")); err != nil || len(found) != 3 {
		t.Errorf("without manifests: %d items, %v", len(found), err)
	}
}

func TestXI10_WhatIsDamagedIsRefused(t *testing.T) {
	t.Parallel()
	data := written(t, items)
	packed := zipped(t, data)
	for name, damage := range map[string]func(folder string) string{
		"half a line":      func(f string) string { return file(t, f, "d", data[:len(data)-5]) },
		"half an archive":  func(f string) string { return file(t, f, "d", packed[:len(packed)/2]) },
		"a flipped bit":    func(f string) string { b := bytes.Clone(packed); b[len(b)-6] ^= 1; return file(t, f, "d", b) },
		"no archive":       func(f string) string { return file(t, f, "d", []byte("\x1f\x8bnothing")) },
		"another document": func(f string) string { return file(t, f, "d", []byte(`{"Items":[]}`)) },
		"an unknown field": func(f string) string {
			return file(t, f, "d", []byte(`{"Item":{"pk":{"S":"a"},"sk":{"S":"b"},"v":{"N":"1"},"body":{"S":"{}"},"x":{"S":"y"}}}`))
		},
		"a list for a text": func(f string) string {
			return file(t, f, "d", []byte(`{"Item":{"pk":{"S":"a"},"sk":{"S":"b"},"v":{"N":"1"},"body":{"L":[]}}}`))
		},
		"no version": func(f string) string {
			return file(t, f, "d", []byte(`{"Item":{"pk":{"S":"a"},"sk":{"S":"b"},"body":{"S":"{}"}}}`))
		},
		"a version in words": func(f string) string {
			return file(t, f, "d", []byte(`{"Item":{"pk":{"S":"a"},"sk":{"S":"b"},"v":{"N":"one"},"body":{"S":"{}"}}}`))
		},
		"half an index": func(f string) string {
			return file(t, f, "d", []byte(`{"Item":{"pk":{"S":"a"},"sk":{"S":"b"},"v":{"N":"1"},"body":{"S":"{}"},"n_pk":{"S":"y"}}}`))
		},
		"a file less": func(f string) string {
			manifests(t, f, "", 3, map[string]int{"one.json": 3, "two.json": 1})
			file(t, f, "AWSDynamoDB/01-ab/data/one.json", data)
			return f
		},
		"an item less": func(f string) string {
			manifests(t, f, "", 4, map[string]int{"one.json": 4})
			file(t, f, "AWSDynamoDB/01-ab/data/one.json", data)
			return f
		},
		"a file's items less": func(f string) string {
			manifests(t, f, "", 4, map[string]int{"one.json": 3})
			file(t, f, "AWSDynamoDB/01-ab/data/one.json", data)
			return f
		},
		"not all of it": func(f string) string {
			manifests(t, f, "INCREMENTAL_EXPORT", 3, map[string]int{"one.json": 3})
			file(t, f, "AWSDynamoDB/01-ab/data/one.json", data)
			return f
		},
		"a broken manifest": func(f string) string {
			file(t, f, "manifest-files.json", []byte("{"))
			file(t, f, "one.json", data)
			return f
		},
		"a broken summary": func(f string) string {
			file(t, f, "manifest-summary.json", []byte("{"))
			file(t, f, "one.json", data)
			return f
		},
		"two exports": func(f string) string {
			file(t, f, "a/manifest-files.json", nil)
			file(t, f, "b/manifest-files.json", nil)
			file(t, f, "one.json", data)
			return f
		},
		"nothing": func(f string) string { return f },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if found, _, err := read(t, damage(t.TempDir())); err == nil {
				t.Errorf("%d items", len(found))
			} else if strings.Contains(err.Error(), "Åse") {
				t.Errorf("it tells of somebody: %v", err)
			}
		})
	}
	if _, err := dump.Open(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
}

func TestLoadRefusesWhatIsThereTwice(t *testing.T) {
	t.Parallel()
	many := make([]table.Item, 250)
	for i := range many {
		many[i] = table.Item{Key: table.Key{PK: "p", SK: fmt.Sprint(i)}, Version: 1, Body: []byte(`{}`)}
	}
	for name, twice := range map[string]int{"in one transaction": 249, "in two": 1} {
		tb, err := sqlitetable.Open(sqlitetable.Memory)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { tb.Close() })
		if _, err := dump.Load(t.Context(), tb, all(append(slices.Clone(many), many[twice]))); err == nil || !strings.Contains(err.Error(), "twice") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReadingStopsWithItsContext(t *testing.T) {
	t.Parallel()
	d, err := dump.Open(file(t, t.TempDir(), "d", written(t, items)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err := range d.Items(ctx) {
		if n++; n == 2 && !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		cancel()
	}
	if n != 2 {
		t.Errorf("%d items", n)
	}
}
