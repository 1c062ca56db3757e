package sqlitetable_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
	"github.com/fullmakt/fullmakt/internal/table/tabletest"
)

func TestFile(t *testing.T) {
	t.Parallel()
	tabletest.Run(t, func(t *testing.T) table.Table { return open(t, file(t)) })
}

func TestMemory(t *testing.T) {
	t.Parallel()
	tabletest.Run(t, func(t *testing.T) table.Table { return open(t, sqlitetable.Memory) })
}

func file(t *testing.T) string { return filepath.Join(t.TempDir(), "items.db") }

func open(t *testing.T, path string) *sqlitetable.Table {
	t.Helper()
	opened, err := sqlitetable.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return opened
}

var (
	a, b = table.Key{PK: "p", SK: "a"}, table.Key{PK: "p", SK: "b"}
	both = []table.Key{a, b}
)

func item(key table.Key, version int64) table.Item {
	return table.Item{Key: key, Version: version, Body: []byte(`{}`)}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func stored(t *testing.T, tb table.Table, want ...table.Item) {
	t.Helper()
	wanted := make(map[table.Key]table.Item)
	for _, i := range want {
		wanted[i.Key] = i
	}
	got, err := tb.Get(t.Context(), both...)
	must(t, err)
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

func TestMemoryIsPrivate(t *testing.T) {
	t.Parallel()
	one, other := open(t, sqlitetable.Memory), open(t, sqlitetable.Memory)
	must(t, one.Transact(t.Context(), table.Put(item(a, 1), table.IfAbsent)))
	must(t, other.Transact(t.Context(), table.Put(item(a, 2), table.IfAbsent)))
	stored(t, one, item(a, 1))
	stored(t, other, item(a, 2))
	if _, err := os.Stat(sqlitetable.Memory); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a file of that name: %v", err)
	}
}

// A connection that is thrown away after a cancelled call would take the whole
// database in memory with it.
func TestMemoryOutlivesCancelledCalls(t *testing.T) {
	t.Parallel()
	tb := open(t, sqlitetable.Memory)
	must(t, tb.Transact(t.Context(), table.Put(item(a, 1), table.Always)))
	for i := range 100 {
		key := table.Key{PK: "q", SK: strconv.Itoa(i)}
		must(t, tb.Transact(t.Context(), table.Put(item(key, 1), table.Always)))
	}
	cut := 0
	for i := range 300 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*2*time.Microsecond)
		if _, err := tb.Query(ctx, table.Query{PK: "q", Limit: 100}); err != nil {
			cut++
		}
		if err := tb.Transact(ctx, table.Put(item(b, 1), table.Always)); err != nil {
			cut++
		}
		cancel()
	}
	if cut == 0 {
		t.Error("no call was cut off")
	}
	must(t, tb.Transact(t.Context(), table.Put(item(b, 2), table.Always)))
	stored(t, tb, item(a, 1), item(b, 2))
}

func TestFileStays(t *testing.T) {
	t.Parallel()
	// A path is a path, whatever characters SQLite would give a meaning to.
	path := filepath.Join(t.TempDir(), "a b?mode=memory&x=%41#å.db")
	first, err := sqlitetable.Open(path)
	must(t, err)
	must(t, first.Transact(t.Context(), table.Put(item(a, 1), table.Always)))
	must(t, first.Close())
	if _, err := first.Get(t.Context(), a); err == nil {
		t.Error("a closed table was read")
	}
	info, err := os.Stat(path)
	must(t, err)
	if rights := info.Mode().Perm(); rights != 0o600 {
		t.Errorf("the file has the rights %o", rights)
	}
	files, err := os.ReadDir(filepath.Dir(path))
	must(t, err)
	if len(files) != 1 {
		t.Errorf("%d files are left after close, want 1", len(files))
	}
	stored(t, open(t, path), item(a, 1))
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	foreign := filepath.Join(dir, "foreign.db")
	db, err := sql.Open("sqlite", foreign)
	must(t, err)
	_, err = db.ExecContext(t.Context(), "CREATE TABLE items (name TEXT)")
	must(t, errors.Join(err, db.Close()))
	text := filepath.Join(dir, "text.db")
	must(t, os.WriteFile(text, []byte("this is not a database, and long enough to tell"), 0o600))
	for _, path := range []string{foreign, text, dir, filepath.Join(dir, "no such directory", "items.db")} {
		if tb, err := sqlitetable.Open(path); err == nil {
			t.Errorf("%s was opened", path)
			_ = tb.Close()
		}
	}
}

func TestDump(t *testing.T) {
	t.Parallel()
	for _, path := range []string{sqlitetable.Memory, file(t)} {
		tb := open(t, path)
		var want []table.Item
		for i := range 450 {
			key := table.Key{PK: fmt.Sprintf("p%d", i/200), SK: fmt.Sprintf("s%03d", i%200)}
			want = append(want, item(key, int64(i)+1))
			want[i].Index = map[table.Index]table.Key{table.ByTime: key}
			must(t, tb.Transact(t.Context(), table.Put(want[i], table.Always)))
		}
		var got []table.Item
		for i, err := range tb.Dump(t.Context()) {
			must(t, err)
			got = append(got, i)
			// The table can be used meanwhile.
			if _, err := tb.Get(t.Context(), i.Key); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("dumped (-want +got):\n%s", diff)
		}
		for _, err := range tb.Dump(t.Context()) {
			must(t, err)
			break
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, err := range tb.Dump(ctx) {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want context.Canceled", err)
			}
		}
	}
}

// hold takes the write lock of a file, as another process would, and returns
// what gives it back.
func hold(t *testing.T, path string) (release func()) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	conn, err := db.Conn(t.Context())
	must(t, err)
	_, err = conn.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	must(t, err)
	return sync.OnceFunc(func() {
		_, err := conn.ExecContext(context.Background(), "ROLLBACK")
		if err = errors.Join(err, conn.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
}

func TestOtherProcessHoldsTheFile(t *testing.T) {
	t.Parallel()
	t.Run("for a moment", func(t *testing.T) {
		t.Parallel()
		path := file(t)
		tb := open(t, path)
		release := hold(t, path)
		time.AfterFunc(300*time.Millisecond, release)
		stored(t, tb) // reading does not wait
		must(t, tb.Transact(t.Context(), table.Put(item(a, 1), table.Always)))
		stored(t, tb, item(a, 1))
		release()
	})
	t.Run("longer than the caller waits", func(t *testing.T) {
		t.Parallel()
		path := file(t)
		tb := open(t, path)
		defer hold(t, path)()
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		err := tb.Transact(ctx, table.Put(item(a, 1), table.Always))
		if !errors.Is(err, table.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want ErrUnavailable and context.DeadlineExceeded", err)
		}
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("took %v", took)
		}
		stored(t, tb)
	})
	t.Run("for ever", func(t *testing.T) {
		t.Parallel()
		path := file(t)
		tb := open(t, path)
		defer hold(t, path)()
		if err := tb.Transact(t.Context(), table.Put(item(a, 1), table.Always)); !errors.Is(err, table.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
	})
}

func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	path := file(t)
	tables := []*sqlitetable.Table{open(t, path), open(t, path)}
	must(t, tables[0].Transact(t.Context(), table.Put(item(a, 1), table.IfAbsent)))
	const each = 50
	var wg sync.WaitGroup
	for _, tb := range tables {
		wg.Go(func() {
			for done := 0; done < each; {
				items, err := tb.Get(t.Context(), a)
				if err != nil {
					t.Error(err)
					return
				}
				v := items[a].Version
				err = tb.Transact(t.Context(), table.Put(item(a, v+1), table.IfVersion(v)))
				var unmet *table.ConditionError
				switch {
				case err == nil:
					done++
				case !errors.As(err, &unmet):
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	for _, tb := range tables {
		stored(t, tb, item(a, 2*each+1))
	}
}

// child is the environment variable that makes the test binary the writer.
const child = "FULLMAKT_TEST_SQLITE_CHILD"

// What Transact has confirmed is there after kill -9, and nothing by halves.
func TestKilledWhileWriting(t *testing.T) {
	if path := os.Getenv(child); path != "" {
		writeForEver(path)
	}
	t.Parallel()
	path := file(t)
	for round := range 3 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledWhileWriting$")
		cmd.Env = append(os.Environ(), child+"="+path)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for range 40 {
			lines.Scan()
		}
		must(t, cmd.Process.Kill())
		confirmed := lines.Text()
		for lines.Scan() {
			confirmed = lines.Text()
		}
		_ = cmd.Wait()
		least, err := strconv.ParseInt(confirmed, 10, 64)
		if err != nil {
			t.Fatalf("the writer said %q", confirmed)
		}
		tb := open(t, path)
		items, err := tb.Get(t.Context(), both...)
		must(t, err)
		v := items[a].Version
		if v < least || v > least+1 {
			t.Errorf("round %d: version %d is stored, %d was confirmed", round, v, least)
		}
		stored(t, tb, item(a, v), item(b, v))
	}
}

// writeForEver counts two items up and prints each version when it is stored.
func writeForEver(path string) {
	tb, err := sqlitetable.Open(path)
	if err != nil {
		panic(err)
	}
	items, err := tb.Get(context.Background(), a)
	if err != nil {
		panic(err)
	}
	for v := items[a].Version + 1; ; v++ {
		if err := tb.Transact(context.Background(), table.Put(item(a, v), table.Always), table.Put(item(b, v), table.Always)); err != nil {
			panic(err)
		}
		fmt.Println(v)
	}
}
