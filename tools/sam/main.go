// Command sam runs the functions of the CDK output by AWS SAM, each in its
// container, on DynamoDB Local and a local SES and KMS:
//
//	sam api [--port 3000]    all endpoints on a port of 127.0.0.1
//	sam invoke ID [EVENT]    one function once, with events/ID.json
//	sam test                 the main path, as a user goes it
//
// It is run by make, which builds what it needs, in the repository's folder.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "sam:", err)
		os.Exit(1)
	}
}

const usage = "usage: sam api|invoke|test [--image any|stock|built] [--port PORT] [ID [EVENT]]"

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New(usage)
	}
	flags := flag.NewFlagSet("sam", flag.ContinueOnError)
	image := flags.String("image", cmp.Or(os.Getenv("SAM_IMAGE"), imageAny), "image for functions: any, stock (AWS's own) or built (here)")
	port := flags.Int("port", 3000, "of 127.0.0.1, for the API")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	switch left := flags.Args(); {
	case args[0] == "api" && len(left) == 0:
		return serveAPI(ctx, *image, *port)
	case args[0] == "invoke" && (len(left) == 1 || len(left) == 2):
		return invoke(ctx, *image, *port, left[0], append(left, "events/"+left[0]+".json")[1])
	case args[0] == "test" && len(left) == 0:
		return test(ctx, *image)
	}
	return errors.New(usage)
}

// invoke runs a function once, in the stage of `sam api` if that runs.
func invoke(ctx context.Context, image string, port int, id, event string) error {
	s, err := runningStage(ctx)
	if err != nil {
		return err
	}
	if s == nil {
		if s, err = openStage(ctx, image, port); err != nil {
			return err
		}
		defer s.close()
	}
	f, err := s.functions.find(id)
	if err != nil {
		return err
	}
	cmd := s.sam(ctx, "invoke", f.Template, "--event", event, id)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("sam local invoke: %w", err)
	}
	fmt.Println()
	return nil
}

// The first administrator of every stage.
const (
	operatorEmail = "operator@portal.example.com"
	operatorEvent = `{"operatorName": "Example Rental", "operatorEmail": "` + operatorEmail + `", "operatorLanguage": "en"}`
)

// tick is how often the clock's job runs in `sam api`: there is no stream
// between the table and the mails.
const tick = 3 * time.Second

// serveAPI serves until it is stopped. Mails are sent as they come, and told.
func serveAPI(ctx context.Context, image string, port int) error {
	s, err := openStage(ctx, image, port)
	if err != nil {
		return err
	}
	defer s.close()
	mailer, err := s.start(ctx)
	if err != nil {
		return err
	}
	api, err := s.functions.find("profile-get")
	if err != nil {
		return err
	}
	server, err := s.serve(ctx, "start-api", api.Template, "", port)
	if err != nil {
		return err
	}
	if err := write(running, s); err != nil {
		return err
	}
	defer os.Remove(running)
	fmt.Printf("\nThe portal is on %s/sign-in, the API below %[1]s/v1, until Ctrl-C. Mails are shown here; the first is the operator's.\n\n", s.Base)
	for told := 0; ; {
		if _, err := mailer("mail-dispatch", "{}"); err != nil {
			fmt.Fprintln(os.Stderr, "sam:", err)
		}
		mails, err := s.Services.mails(ctx)
		if err != nil {
			return err
		}
		for ; told < len(mails); told++ {
			fmt.Printf("\nMail to %s: %s\n  %s\n\n", strings.Join(mails[told].To, ", "), mails[told].Subject, strings.Join(mails[told].links(), "\n  "))
		}
		select {
		case <-time.After(tick):
		case <-ctx.Done():
			return ctx.Err()
		case <-server.ended:
			return errors.New("SAM has ended")
		}
	}
}

// start fills the store and returns how to invoke the jobs of mail.
func (s *stage) start(ctx context.Context) (mailer func(id, event string) ([]byte, error), err error) {
	bootstrap, err := s.functions.find("store-bootstrap")
	if err != nil {
		return nil, err
	}
	cmd := s.sam(ctx, "invoke", bootstrap.Template, "--event", "-", bootstrap.ID)
	cmd.Stdin = strings.NewReader(operatorEvent)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("sam local invoke: %w\n%s", err, &said)
	}
	var result struct{ Made bool }
	if err := json.Unmarshal(out, &result); err != nil {
		return nil, fmt.Errorf("store-bootstrap answered %s: %w\n%s", out, err, &said)
	}
	if !result.Made {
		return nil, fmt.Errorf("store-bootstrap made nothing, and answered %s\n%s", out, &said)
	}
	dispatch, err := s.functions.find("mail-dispatch")
	if err != nil {
		return nil, err
	}
	return s.jobs(ctx, dispatch.Template, home+"/jobs.log")
}

var href = regexp.MustCompile(`href="([^"]+)"`)

// links are those of a mail that lead somewhere with a token.
func (m mail) links() (links []string) {
	for _, found := range href.FindAllStringSubmatch(m.Body, -1) {
		if strings.Contains(found[1], "#token=") {
			links = append(links, found[1])
		}
	}
	return slices.Compact(links) // a button, and the same to copy
}
