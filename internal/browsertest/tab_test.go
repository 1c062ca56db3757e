package browsertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// chromium is started once for all tests, with a profile of its own, which
// goes away with it. Each visitor is as if alone in it.
var chromium = sync.OnceValues(func() (context.Context, error) {
	name, err := findChromium()
	if err != nil {
		return nil, err
	}
	// Headless, no first run, no background networking and no sync are the defaults.
	options := slices.Concat(chromedp.DefaultExecAllocatorOptions[:], []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(name),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.Flag("accept-lang", "en"),
		chromedp.WindowSize(1280, 900),
	})
	allocator, _ := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx); err != nil {
		return nil, fmt.Errorf("start Chromium: %w", err)
	}
	stopChromium = func() error { return chromedp.Cancel(ctx) }
	return ctx, nil
})

// stopChromium stops it, if it was started.
var stopChromium = func() error { return nil }

func findChromium() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	return "", errors.New("there is no chromium, chromium-browser or google-chrome: make tools installs it, or says how to")
}

// tab is the only tab of somebody's own browser: it shares nothing with others.
type tab struct {
	t   *testing.T
	ctx context.Context
	url string // of the server

	mu       sync.Mutex
	faults   []string // what must never happen on a page
	refusals []string // requests that got no success, such as "401 POST /v1/sessions"
	methods  map[network.RequestID]string
}

// visitor opens a tab. When the test is over, nothing may have gone wrong in
// it, and each refusal must have been asked for by refused.
func (s *server) visitor() *tab {
	s.t.Helper()
	v := unwatched(s.t, s.url)
	s.t.Cleanup(func() {
		v.refused()
		for _, fault := range v.wrong() {
			s.t.Error(fault)
		}
	})
	return v
}

// unwatched opens a tab, and leaves it to the test to judge what goes wrong.
func unwatched(t *testing.T, url string) *tab {
	t.Helper()
	browser, err := chromium()
	if err != nil {
		t.Fatal(err)
	}
	v := &tab{t: t, url: url, methods: map[network.RequestID]string{}}
	ctx, end := chromedp.NewContext(browser, chromedp.WithNewBrowserContext(), chromedp.WithListener(v.heard))
	t.Cleanup(end)
	v.ctx = ctx
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	return v
}

var ids = regexp.MustCompile(`\b[a-z]{3}_[0-9a-z]{26}\b`)

// heard takes note of what the browser tells about the tab.
func (v *tab) heard(event any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	fault := func(format string, values ...any) { v.faults = append(v.faults, fmt.Sprintf(format, values...)) }
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		v.methods[e.RequestID] = e.Request.Method
		own := strings.HasPrefix(e.Request.URL, "data:image/svg+xml;") // as the browser draws its own controls
		if !own && !strings.HasPrefix(e.Request.URL, v.url+"/") {
			fault("request to elsewhere: %s %s", e.Request.Method, e.Request.URL)
		}
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 {
			path := ids.ReplaceAllString(strings.TrimPrefix(e.Response.URL, v.url), "{id}")
			v.refusals = append(v.refusals, fmt.Sprintf("%d %s %s", e.Response.Status, v.methods[e.RequestID], path))
		}
	case *network.EventLoadingFailed:
		if !e.Canceled { // as leaving a page does
			fault("request failed: %s %s", e.ErrorText, e.BlockedReason)
		}
	case *log.EventEntryAdded:
		// Refusals are in the log too, and so is advice.
		refusal := strings.HasPrefix(e.Entry.Text, "Failed to load resource: the server responded with a status of ")
		if !refusal && e.Entry.Level != log.EntryLevelVerbose {
			fault("console: %s %s: %s", e.Entry.Source, e.Entry.Level, e.Entry.Text)
		}
	case *runtime.EventConsoleAPICalled:
		fault("console: %s", e.Type)
		for _, arg := range e.Args {
			fault("console: … %s%s", arg.Value, arg.Description)
		}
	case *runtime.EventExceptionThrown:
		fault("exception: %s", (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error())
	}
}

// wrong is what has gone wrong up to now.
func (v *tab) wrong() []string {
	v.t.Helper()
	eval[int](v, `() => 0`) // what happened before its answer is heard before it
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.faults)
}

// refused demands that exactly these requests were refused since it was called
// last, in any order.
func (v *tab) refused(want ...string) {
	v.t.Helper()
	eval[int](v, `() => 0`)
	v.mu.Lock()
	defer v.mu.Unlock()
	slices.Sort(v.refusals)
	slices.Sort(want)
	if !slices.Equal(v.refusals, want) {
		v.t.Errorf("refused: %q, want %q", v.refusals, want)
	}
	v.refusals = nil
}

// try does something in a tab.
func try[T any](v *tab, action chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, action)
}

// do does something that cannot fail but by a fault of the test or the browser.
func do[T any](v *tab, action chromedp.Action[T]) T {
	v.t.Helper()
	value, err := try(v, action)
	if err != nil {
		v.t.Fatal(err)
	}
	return value
}

// function calls a JavaScript function in the page.
func function[T any](source string, args ...string) chromedp.Action[T] {
	list, err := json.Marshal(append([]string{}, args...)) // never null
	if err != nil {
		panic(err) // strings can be marshalled
	}
	return chromedp.Evaluate[T](fmt.Sprintf("(%s)(...%s)", source, list))
}

func eval[T any](v *tab, source string, args ...string) T {
	v.t.Helper()
	return do(v, function[T](source, args...))
}

// wait waits until a JavaScript function is true in the page.
func (v *tab) wait(what, source string, args ...string) {
	v.t.Helper()
	await(v, what, func(ok bool) bool { return ok }, source, args...)
}

// await waits until a JavaScript function in the page gives something good,
// and returns that. An error is what one gets between two pages.
func await[T any](v *tab, what string, good func(T) bool, source string, args ...string) (value T) {
	v.t.Helper()
	err := eventually(func() (err error) {
		value, err = try(v, function[T](source, args...))
		if err == nil && !good(value) {
			err = errors.New("not yet")
		}
		return err
	})
	if err != nil {
		v.t.Fatalf("waited for %s: %v; what is seen:\n%s", what, err,
			eval[string](v, `() => location.href + '\n' + document.body.innerText`))
	}
	return value
}

// seen finds what a selector means, once a person sees it. Pages show nothing
// before they speak a language and react to clicks.
const seen = `selector => {
	const node = document.querySelector(selector);
	return document.documentElement.lang && node?.checkVisibility({ visibilityProperty: true }) ? node : null;
}`

// at waits until the tab is on a page that shows an element.
func (v *tab) at(path, selector string) {
	v.t.Helper()
	v.wait(path+" to show "+selector, `(path, selector) => location.pathname === path && (`+seen+`)(selector) !== null`, path, selector)
}

// shows waits until an element shows a text, and nothing else.
func (v *tab) shows(selector, text string) {
	v.t.Helper()
	v.wait(fmt.Sprintf("%s to show %q", selector, text),
		`(selector, text) => document.querySelector(selector)?.innerText.trim() === text`, selector, text)
}

// gone waits until an element is no longer there.
func (v *tab) gone(selector string) {
	v.t.Helper()
	v.wait(selector+" to be gone", `selector => !document.querySelector(selector)`, selector)
}

// hides demands that an element is there and is not seen.
func (v *tab) hides(selector string) {
	v.t.Helper()
	if !eval[bool](v, `selector => !document.querySelector(selector).checkVisibility({ visibilityProperty: true })`, selector) {
		v.t.Errorf("%s is seen", selector)
	}
}

// frame is a frame in the page that runs apart from it, because of its sandbox.
func (v *tab) frame(selector string) *tab {
	v.t.Helper()
	nodes := do(v, chromedp.Nodes(chromedp.CSS(selector)))
	ctx, end := chromedp.NewContext(v.ctx, chromedp.WithTargetID(target.ID(nodes[0].FrameID)), chromedp.WithDetachOnCancel())
	v.t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		v.t.Fatalf("look into %s: %v", selector, err)
	}
	return &tab{t: v.t, ctx: ctx, url: v.url}
}

// comeBack comes back to the tab after a while, or so the page is told: without
// a window no tab is ever hidden.
func (v *tab) comeBack(after time.Duration) {
	v.t.Helper()
	eval[chromedp.Void](v, `after => {
		const now = Date.now;
		for (const hidden of [true, false]) {
			Object.defineProperty(document, 'hidden', { configurable: true, value: hidden });
			document.dispatchEvent(new Event('visibilitychange'));
			Date.now = () => now() + Number(after);
		}
		delete document.hidden;
		Date.now = now;
	}`, strconv.FormatInt(after.Milliseconds(), 10))
}

// visit opens an address, and waits until the page that was there before is
// gone: it stays for a moment if only the token in the address differs.
func (v *tab) visit(address string) {
	v.t.Helper()
	eval[bool](v, `() => window.isOld = true`)
	do(v, chromedp.Navigate(address))
	v.wait(address+" to open", `() => !window.isOld`)
}

// click clicks into an element, once that can be hit.
func (v *tab) click(selector string) {
	v.t.Helper()
	at := await(v, selector+" to be clicked", func(at []float64) bool { return len(at) == 2 }, `selector => {
		const node = (`+seen+`)(selector);
		if (!node) return [];
		node.scrollIntoView({ block: 'center' });
		const { x, y, width, height } = node.getClientRects()[0]; // a link can be broken into lines
		const middle = [x + width / 2, y + height / 2];
		return node.contains(document.elementFromPoint(...middle)) ? middle : [];
	}`, selector)
	do(v, chromedp.MouseClickXY(at[0], at[1]))
}

// fill types a text into a field, in the place of what is there.
func (v *tab) fill(selector, text string) {
	v.t.Helper()
	v.click(selector)
	eval[chromedp.Void](v, `() => document.activeElement.select()`)
	do(v, func(ctx context.Context, _ *chromedp.Target) (any, error) {
		return chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: text})
	})
	if got := v.value(selector); got != text {
		v.t.Fatalf("%s holds %q after typing %q", selector, got, text)
	}
}

// choose chooses in a menu. Its list would be a window of its own, which
// cannot be clicked in.
func (v *tab) choose(selector, value string) {
	v.t.Helper()
	v.wait(selector+" to be there", `selector => (`+seen+`)(selector) !== null`, selector)
	eval[chromedp.Void](v, `(selector, value) => {
		const menu = document.querySelector(selector);
		menu.value = value;
		menu.dispatchEvent(new Event('change', { bubbles: true }));
	}`, selector, value)
}

func (v *tab) value(selector string) string {
	v.t.Helper()
	return eval[string](v, `selector => document.querySelector(selector).value`, selector)
}

// shoot writes what is seen, on a wide and on a narrow screen, to the
// directory in FULLMAKT_SCREENSHOTS, if there is one.
func (v *tab) shoot(name string) {
	v.t.Helper()
	dir := os.Getenv("FULLMAKT_SCREENSHOTS")
	if dir == "" {
		return
	}
	write := func(suffix string) {
		if err := os.WriteFile(filepath.Join(dir, v.t.Name()+"-"+name+suffix+".png"), do(v, chromedp.CaptureScreenshot()), 0o644); err != nil {
			v.t.Fatal(err)
		}
	}
	write("")
	do(v, chromedp.EmulateViewport(360, 900))
	write("-narrow")
	do(v, chromedp.EmulateViewport(1280, 900))
}
