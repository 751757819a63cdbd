package backfill_test

import (
	"fmt"
	"strings"
	"time"

	"crossfade/internal/faults"
)

// fill puts some 130 messages into a source: what real mailboxes hold, odd things first.
func fill(a *faults.Account, q faults.Quirks) {
	p, sep := q.Prefix, q.Separator
	if sep == "" {
		sep = "/"
	}
	a.Create(p+"Sent", `\Sent`)
	a.Create(p+"Drafts", `\Drafts`)
	a.Create(p+"Empty", "")
	a.Add("INBOX", oddMail()...)
	for i := range 60 {
		a.Add("INBOX", plain(i, "INBOX"))
	}
	for i := range 20 {
		a.Add(p+"Sent", plain(i, "Sent"))
		a.Add(p+"Work", plain(i, "Work"))
		a.Add(p+"Work"+sep+"Deep", plain(i, "Deep"))
	}
}

// plain is an ordinary message; its flags, date and size go with its number.
func plain(i int, folder string) faults.Message {
	flags := [][]string{nil, {`\Seen`}, {`\Seen`, `\Answered`}, {`\Flagged`, "$Work"}, {`\Seen`, "$Label1", "later"}, {`\Deleted`}}[i%6]
	body := fmt.Sprintf("From: a%d@example.test\r\nSubject: %s %d\r\nMessage-ID: <%s.%d@story.test>\r\n\r\n%s\r\n",
		i, folder, i, folder, i, strings.Repeat("all work and no play\r\n", i%17))
	return faults.Message{Flags: flags, Date: when(i), Body: []byte(body)}
}

func when(i int) time.Time {
	return time.Date(2019, 5, 1+i%28, i%24, i%60, i%59, 0, time.FixedZone("", 3600*(i%5-2)))
}

// oddMail are the messages that migrations stumble over.
func oddMail() []faults.Message {
	var out []faults.Message
	for i, body := range []string{
		"Subject: twin\r\nMessage-ID: <twin@story.test>\r\n\r\nthe same\r\n",
		"Subject: twin\r\nMessage-ID: <twin@story.test>\r\n\r\nthe same\r\n",
		"Subject: no twin\r\nMessage-ID: <twin@story.test>\r\n\r\nan id of another\r\n",
		"Subject: no id\r\n\r\nlost it\r\n",
		"Subject: no id\r\n\r\nlost it\r\n",
		"no header at all\r\n",
		"\r\nno header but a text\r\n",
		"Subject: nul\r\n\r\n\x00 in \x00 here\r\n",
		"Subject: 8 bit \xfc\xff\r\nX-Odd\r\n \tfolded: \xe9\r\n\r\n\xc3\x28\r\n",
		"Subject: bare\nMessage-ID: <bare@story.test>\n\nlines\nend\nso\n",
		"Subject: mixed\r\n\nno\r\nfinal line end",
		"Subject: commands\r\n\r\n. OK done\r\n* BYE\r\n{17}\r\nA1 LOGOUT\r\n+ go\r\n)\r\n",
		"Subject: long\r\n\r\n" + strings.Repeat("x", 40_000) + "\r\n",
		"Subject: " + strings.Repeat("long ", 3000) + "\r\n\r\n",
		"Subject: header only\r\n",
		"",
		"\r\n",
	} {
		m := plain(i, "odd")
		m.Body = []byte(body)
		out = append(out, m)
	}
	return out
}

// noKeywords is the flags that a server has which keeps no keywords.
func noKeywords(flags []string) (out []string) {
	for _, f := range flags {
		if strings.HasPrefix(f, `\`) {
			out = append(out, f)
		}
	}
	return out
}

func without(caps ...string) faults.Quirks { return faults.Quirks{Without: caps} }

// bare is a server of 1996.
func bare() faults.Quirks {
	return without("UIDPLUS", "LITERAL+", "MOVE", "UNSELECT", "IDLE", "NAMESPACE", "CONDSTORE", "MULTIAPPEND", "ENABLE", "ID", "SPECIAL-USE", "LIST-EXTENDED", "CHILDREN", "SASL-IR")
}

// with changes quirks.
func with(q faults.Quirks, change func(*faults.Quirks)) faults.Quirks {
	change(&q)
	return q
}
