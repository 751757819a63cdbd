package mailsort

import "strings"

// BaseSubject is the base subject of a decoded Subject (RFC 5256 2.1) and whether taking it says that the message is a
// reply or was forwarded. The case of the letters stays as it is.
func BaseSubject(s string) (base string, reply bool) {
	s = blanks(s)
	for {
		s = trailer(s, &reply)
		s = leaders(s, &reply)
		inner, ok := forwarded(s)
		if !ok {
			return strings.Trim(s, " "), reply
		}
		s, reply = inner, true
	}
}

// trailer takes blanks and "(fwd)" from the end (step 2).
func trailer(s string, reply *bool) string {
	for {
		s = strings.TrimRight(s, " ")
		if !endsFold(s, "(fwd)") {
			return s
		}
		s, *reply = s[:len(s)-len("(fwd)")], true
	}
}

// leaders takes everything off the front that does not belong to the base (steps 3 to 5): blanks, any "[list] Re[2]:", and
// blobs in brackets unless nothing would be left. Blobs that no "Re:" follows are all looked at once.
func leaders(s string, reply *bool) string {
	for {
		s = strings.TrimLeft(s, " ")
		last, rest := s, s // from the last blob of the run, and behind the run
		for {
			n := blob(rest)
			if n == 0 {
				break
			}
			last, rest = rest, rest[n:]
		}
		if n := refwd(rest); n > 0 {
			s, *reply = rest[n:], true
			continue
		}
		if rest == "" {
			return last
		}
		return rest
	}
}

// refwd is the length of subj-refwd at the start of s: Re, Fw or Fwd, a blob, and a colon; 0 if there is none.
func refwd(s string) int {
	n := 0
	for _, word := range [...]string{"re", "fwd", "fw"} {
		if startsFold(s, word) {
			n = len(word)
			break
		}
	}
	if n == 0 {
		return 0
	}
	for n < len(s) && s[n] == ' ' {
		n++
	}
	n += blob(s[n:])
	if n < len(s) && s[n] == ':' {
		return n + 1
	}
	return 0
}

// blob is the length of subj-blob at the start of s: brackets with none inside, and the blanks behind them.
func blob(s string) int {
	if s == "" || s[0] != '[' {
		return 0
	}
	n := strings.IndexAny(s[1:], "[]") + 1
	if n == 0 || s[n] != ']' {
		return 0
	}
	for n++; n < len(s) && s[n] == ' '; n++ {
	}
	return n
}

// forwarded takes the subject out of "[Fwd: subject]" (step 6).
func forwarded(s string) (string, bool) {
	if !startsFold(s, "[fwd:") || s[len(s)-1] != ']' {
		return s, false
	}
	return s[len("[fwd:") : len(s)-1], true
}

func startsFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func endsFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}
