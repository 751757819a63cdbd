package standin

import (
	"net/http"
	"strings"

	"github.com/emersion/go-ical"
)

// matches tells whether an object is what a query's filter looks for (RFC 4791 9.7, RFC 6352 10.5). No filter matches all.
func (it *davItem) matches(filter *node) (bool, error) {
	switch {
	case filter == nil:
		return true, nil
	case it.cal == nil:
		return matchCard(filter, it)
	}
	return all(filter.all(cal("comp-filter")), func(f *node) (bool, error) { return matchComp(f, []*ical.Component{it.cal.Component}) })
}

func all[T any](list []T, is func(T) (bool, error)) (bool, error) {
	for _, x := range list {
		if ok, err := is(x); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

func some[T any](list []T, is func(T) (bool, error)) (bool, error) {
	for _, x := range list {
		if ok, err := is(x); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// matchComp is a comp-filter against the components at its level.
func matchComp(f *node, at []*ical.Component) (bool, error) {
	var named []*ical.Component
	for _, c := range at {
		if strings.EqualFold(c.Name, f.attr["name"]) {
			named = append(named, c)
		}
	}
	if f.kid(cal("is-not-defined")) != nil {
		return len(named) == 0, nil
	}
	return some(named, func(c *ical.Component) (bool, error) {
		if ok, err := inRange(f.kid(cal("time-range")), func(r timeRange) bool { return r.meets(c) }); !ok || err != nil {
			return false, err
		}
		if ok, err := all(f.all(cal("prop-filter")), func(p *node) (bool, error) {
			var fields []field
			for _, v := range c.Props[strings.ToUpper(p.attr["name"])] {
				fields = append(fields, field{v.Value, v.Params, &v})
			}
			return matchProp(p, fields, nsCal)
		}); !ok || err != nil {
			return false, err
		}
		return all(f.all(cal("comp-filter")), func(k *node) (bool, error) { return matchComp(k, c.Children) })
	})
}

func matchCard(filter *node, it *davItem) (bool, error) {
	test := func(p *node) (bool, error) {
		var fields []field
		for _, v := range it.card[strings.ToUpper(p.attr["name"])] {
			fields = append(fields, field{v.Value, v.Params, nil})
		}
		return matchProp(p, fields, nsCard)
	}
	props := filter.all(card("prop-filter"))
	if len(props) == 0 {
		return true, nil
	}
	if filter.attr["test"] == "allof" {
		return all(props, test)
	}
	return some(props, test)
}

// field is a property of either format. when is nil in a vCard.
type field struct {
	value  string
	params map[string][]string
	when   *ical.Prop
}

// matchProp is a prop-filter against all properties of its name. In CalDAV all conditions count, in CardDAV the filter's
// test says whether one is enough.
func matchProp(f *node, fields []field, ns string) (bool, error) {
	in := func(local string) []*node { n := cal(local); n.Space = ns; return f.all(n) }
	if len(in("is-not-defined")) > 0 {
		return len(fields) == 0, nil
	}
	conditions := append(in("text-match"), in("param-filter")...)
	return some(fields, func(v field) (bool, error) {
		if v.when != nil {
			if ok, err := inRange(f.kid(cal("time-range")), func(r timeRange) bool { return r.holds(v.when) }); !ok || err != nil {
				return false, err
			}
		}
		one := func(c *node) (bool, error) {
			if c.name.Local == "text-match" {
				return matchText(c, v.value)
			}
			return matchParam(c, v.params[strings.ToUpper(c.attr["name"])], ns)
		}
		if ns == nsCard && f.attr["test"] != "allof" && len(conditions) > 0 {
			return some(conditions, one)
		}
		return all(conditions, one)
	})
}

func matchParam(f *node, values []string, ns string) (bool, error) {
	in := func(local string) []*node { n := cal(local); n.Space = ns; return f.all(n) }
	if len(in("is-not-defined")) > 0 {
		return len(values) == 0, nil
	}
	return some(values, func(v string) (bool, error) {
		return all(in("text-match"), func(t *node) (bool, error) { return matchText(t, v) })
	})
}

// matchText is a text-match. Its collation is one of those that RFC 4791 7.5 and RFC 6352 8.3 ask for.
func matchText(f *node, value string) (bool, error) {
	want := f.text
	switch f.attr["collation"] {
	case "", "i;ascii-casemap", "i;unicode-casemap", "default":
		value, want = strings.ToLower(value), strings.ToLower(want)
	case "i;octet":
	default:
		return false, davError{http.StatusForbidden, "supported-collation", f.name.Space}
	}
	ok := false
	switch f.attr["match-type"] {
	case "equals":
		ok = value == want
	case "starts-with":
		ok = strings.HasPrefix(value, want)
	case "ends-with":
		ok = strings.HasSuffix(value, want)
	default:
		ok = strings.Contains(value, want)
	}
	return ok != (f.attr["negate-condition"] == "yes"), nil
}
