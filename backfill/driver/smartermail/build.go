package smartermail

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// BuildLeast is the first build without known holes that let strangers in: 9511 closed two, 9526 one more.
const BuildLeast = 9526

// About is what a server tells of itself to anybody.
type About struct {
	Version string `json:"version"` // "100.0.9526"
	Edition int    `json:"edition"` // 0 Enterprise, 1 Professional, 2 Free, 3 Lite
	Build   int    `json:"-"`       // days since 2000-01-01; 0 if the version does not tell
}

// About asks for the version. It needs no login.
func (c *client) About(ctx context.Context) (About, error) {
	r := get("about", "licensing/about")
	a, err := c.exchange(ctx, r, "")
	if err != nil {
		return About{}, err
	}
	var out About
	if err := c.settle(r, a, &out); err != nil {
		return About{}, err
	}
	out.Version = plainText(out.Version)
	out.Build = build(out.Version)
	return out, nil
}

// warnOld logs what is wrong with the server's build, once.
func (c *client) warnOld(ctx context.Context) {
	c.old.Do(func() {
		r := get("about", "licensing/about")
		a, err := c.once(ctx, r, "")
		var out About
		if err != nil || c.settle(r, a, &out) != nil {
			return // check tells of it
		}
		out.Build = build(out.Version)
		if why := out.Old(); why != "" {
			c.opts.Log.Warn("the new server is dangerously old", "host", c.host, "why", why)
		}
	})
}

// build is the last number of a version; 0 if there is none.
func build(version string) int {
	n, err := strconv.Atoi(version[strings.LastIndexByte(version, '.')+1:])
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// Old is what is wrong with a build; "" if nothing is known.
func (a About) Old() string {
	if a.Build == 0 || a.Build >= BuildLeast {
		return ""
	}
	return fmt.Sprintf("build %d has known holes that let strangers in (CVE-2026-23760, CVE-2026-24423 and others): bring it to %d or later", a.Build, BuildLeast)
}
