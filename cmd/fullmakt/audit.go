package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/store"
)

// verifyAudit holds the audit of a local store's organizations against its
// seals. What it says of each can be kept, and given to it later: a chain that
// was made anew since is found by that.
func verifyAudit(ctx context.Context, args []string, out io.Writer) (err error) {
	_, args, err = action("audit verify [flags]", args, "verify")
	if err != nil {
		return err
	}
	var l localStore
	var only, before string
	flags := l.flags("audit verify")
	flags.StringVar(&only, "org", "", "id of one organization (default: all)")
	flags.StringVar(&before, "since", "", "what this command said at an earlier time, as a file that was kept elsewhere")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("audit verify takes no arguments, only flags: %q", flags.Arg(0))
	}
	if only != "" && !domain.OrganizationID(only).Valid() {
		return fmt.Errorf("--org: %q is not the id of an organization", only)
	}
	anchors, err := readAnchors(before)
	if err != nil {
		return fmt.Errorf("--since: %w", err)
	}
	_, t, err := l.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.Close()) }()

	s := store.New(t)
	broken := 0
	verify := func(org domain.OrganizationID) error {
		check, err := domain.VerifyAudit(ctx, s, org, anchors[org])
		if err != nil {
			return fmt.Errorf("%s: %w", org, err)
		}
		delete(anchors, org)
		if !check.Whole() {
			broken++
		}
		tell(out, check)
		return nil
	}
	if only != "" {
		if err := verify(domain.OrganizationID(only)); err != nil {
			return err
		}
		clear(anchors)
	} else if err := eachOrganization(ctx, s, verify); err != nil {
		return err
	}
	for org, anchor := range anchors {
		fmt.Fprintf(out, "%s is gone, of which there were %d seals\n", org, anchor.Number)
		broken++
	}
	if broken > 0 {
		return fmt.Errorf("the audit is not whole; organizations: %d", broken)
	}
	return nil
}

func eachOrganization(ctx context.Context, s domain.Store, do func(domain.OrganizationID) error) error {
	for req := (domain.PageRequest{Limit: 200}); ; {
		page, err := s.Organizations(ctx, req)
		if err != nil {
			return err
		}
		for _, org := range page.Items {
			if err := do(org.ID); err != nil {
				return err
			}
		}
		if req.After = page.Next; req.After == "" {
			return nil
		}
	}
}

// The form of the line of an organization, which readAnchors reads again.
const anchorForm = "%s seal %d %s"

// tell says what was found, an organization in one line and what is wrong below.
func tell(out io.Writer, c *domain.AuditCheck) {
	state := "whole"
	if !c.Whole() {
		state = "NOT WHOLE"
	}
	hash := c.Chain.Hash
	if hash == "" {
		hash = "-"
	}
	fmt.Fprintf(out, anchorForm+": %d entries, %d newer ones not sealed yet; %s\n", c.Organization, c.Chain.Number, hash, c.Chain.Entries, c.Unsealed, state)
	for _, f := range c.Findings {
		switch {
		case f.Entry == "":
			fmt.Fprintf(out, "  %s: seal %d\n", f.Fault, f.Seal)
		case f.Seal == 0:
			fmt.Fprintf(out, "  %s: entry %s, not sealed\n", f.Fault, f.Entry)
		default:
			fmt.Fprintf(out, "  %s: entry %s, of seal %d\n", f.Fault, f.Entry, f.Seal)
		}
	}
}

// readAnchors reads what tell has said.
func readAnchors(name string) (map[domain.OrganizationID]domain.AuditAnchor, error) {
	anchors := map[domain.OrganizationID]domain.AuditAnchor{}
	if name == "" {
		return anchors, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if lines.Text() == "" || lines.Text()[0] == ' ' {
			continue
		}
		var org domain.OrganizationID
		var a domain.AuditAnchor
		if _, err := fmt.Sscanf(lines.Text(), anchorForm, &org, &a.Number, &a.Hash); err != nil || !org.Valid() {
			return nil, fmt.Errorf("%s: not a line of this command: %q", name, lines.Text())
		}
		if a.Number > 0 {
			a.Hash = a.Hash[:len(a.Hash)-1] // the colon
			anchors[org] = a
		}
	}
	return anchors, lines.Err()
}
