package main

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/alecthomas/kong"
)

type quarantineExportCmd struct {
	asking
	picking
	Out string `placeholder:"DIR" help:"Where to write: DIR/account/folder/uid.eml and DIR/index.json."`
}

// Run writes messages in quarantine as files.
func (c *quarantineExportCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	if c.Out == "" {
		return usagef("where to? Give --out DIR")
	}
	if err := c.check(); err != nil {
		return err
	}
	state, err := c.state(io, kctx)
	if err != nil {
		return err
	}
	resp, err := ask(ctx, state, "GET", "/quarantine/export"+c.query())
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	a, err := unpack(resp.Body, c.Out)
	if err != nil {
		return fmt.Errorf("--out %s: %w", c.Out, err)
	}
	none := 0
	for _, q := range a.Messages {
		if q.NoFile != "" {
			none++
			fmt.Fprintf(io.err, "%s: %s: UID %d: %s\n", q.Account, q.Folder, q.UID, oneLine(q.NoFile))
		}
	}
	fmt.Fprintf(io.out, "%d messages are in %s, %s tells of each why it was refused\n", a.Count-none, c.Out, filepath.Join(c.Out, exportIndex))
	if none > 0 {
		return fmt.Errorf("%d messages could not be exported: their bytes are nowhere to be had now", none)
	}
	return nil
}

// unpack writes an export below dir. The index comes last: an export without it was cut off.
func unpack(r io.Reader, dir string) (a quarantineAnswer, err error) {
	in := tar.NewReader(r)
	for {
		h, err := in.Next()
		if err != nil {
			return a, fmt.Errorf("the export was cut off: %w", err)
		}
		if !filepath.IsLocal(h.Name) {
			return a, fmt.Errorf("the proxy sent a file named %q", h.Name)
		}
		if h.Name != exportIndex {
			if err := unpackFile(in, filepath.Join(dir, filepath.FromSlash(h.Name))); err != nil {
				return a, err
			}
			continue
		}
		text, err := io.ReadAll(in)
		if err != nil {
			return a, fmt.Errorf("the export was cut off: %w", err)
		}
		if err := json.Unmarshal(text, &a); err != nil {
			return a, fmt.Errorf("the proxy's answer cannot be read: %w", err)
		}
		if a.Error != "" {
			return a, errors.New(a.Error)
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return a, err
		}
		return a, os.WriteFile(filepath.Join(dir, exportIndex), text, 0o600)
	}
}

func unpackFile(r io.Reader, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}
