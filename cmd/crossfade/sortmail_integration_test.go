//go:build integration

package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// sortMail are messages to be sorted and threaded: subjects with all that mail programs and lists put around them, encoded
// or not, dates that are wrong or missing, groups and odd addresses, and references that are cut short, run in circles,
// or lead to messages that are not there. The dates of arrival differ from each other.
func sortMail(n int) (out []scriptMessage) {
	rnd := rand.New(rand.NewPCG(5256, 5957))
	pick := func(from ...string) string { return from[rnd.IntN(len(from))] }
	begin := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		var b strings.Builder
		field := func(name, value string) {
			if value != "" {
				b.WriteString(name + ": " + value + "\r\n")
			}
		}
		subject := pick("Apples", "apples", "Pears and plums", "=?utf-8?q?=C3=84pfel?=", "=?iso-8859-1?Q?=E4pfel?=", "Zwetschgen", "2 (two)", "", "x [y] z", "[only a blob]", "caf=?utf-8?b?w6k=?=")
		for range rnd.IntN(4) {
			switch rnd.IntN(8) {
			case 0, 1:
				subject = "Re: " + subject
			case 2:
				subject = pick("FW: ", "Fwd:", "fwd : ", "RE[3]: ", "Re [x]: ") + subject
			case 3:
				subject = pick("[list] ", "[a][b] ") + subject
			case 4:
				subject += pick(" (fwd)", "(FWD)")
			case 5:
				subject = "[Fwd: " + subject + "]"
			case 6:
				subject = strings.Replace(subject, " ", "\r\n ", 1)
			}
		}
		field("Subject", subject)
		arrival := begin.Add(time.Duration(rnd.IntN(n))*time.Hour + time.Duration(i)*time.Second)
		switch sent := arrival.Add(-time.Duration(rnd.IntN(72)) * time.Hour).In(time.FixedZone("", 3600*(rnd.IntN(24)-11))); rnd.IntN(10) {
		case 0:
		case 1:
			field("Date", pick("yesterday", "32 Jan 2020 10:00:00 +0000", "Mon, foo"))
		case 2:
			field("Date", sent.UTC().Format("Mon, 2 Jan 2006 15:04:05 GMT"))
		default:
			field("Date", sent.Format(time.RFC1123Z)+pick("", " (a comment)"))
		}
		people := []string{"ann@example.test", "Bob <bob@example.test>", `"Carol, the Third" <Carol@example.test>`, "=?utf-8?q?=C3=89mile?= <emile@example.test>", "zoe@example.test (Zoe)", "undisclosed-recipients:;", "team: ann@example.test, bob@example.test;", ""}
		field("From", pick(people[:5]...))
		to := pick(people...)
		if to != "" { // a list that begins with a comma is read in more than one way
			to += pick("", ", "+people[1])
		}
		field("To", to)
		field("Cc", pick(people...))
		if rnd.IntN(12) > 0 {
			field("Message-ID", fmt.Sprintf("<%d@sort.test>", rnd.IntN(20)/19*rnd.IntN(n)+(1-rnd.IntN(20)/19)*i))
		}
		var refs []string
		for range rnd.IntN(4) {
			refs = append(refs, fmt.Sprintf("<%d@sort.test>", rnd.IntN(n+n/4)))
		}
		switch rnd.IntN(5) {
		case 0:
			field("References", strings.Join(refs, "\r\n "))
			field("In-Reply-To", fmt.Sprintf("<%d@sort.test>", rnd.IntN(n)))
		case 1:
			field("In-Reply-To", strings.Join(refs, " "))
		case 2:
			field("References", strings.Join(refs, " ")+" <broken "+pick("", "junk"))
		case 3:
			field("References", strings.Join(refs, ","))
		}
		b.WriteString("\r\n" + strings.Repeat("x", rnd.IntN(300)) + "\r\n")
		out = append(out, scriptMessage{pick("", `\Seen`, `\Flagged`), arrival.Format("02-Jan-2006 15:04:05 -0700"), b.String()})
	}
	return out
}
