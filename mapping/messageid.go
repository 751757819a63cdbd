package mapping

import "bytes"

// NormalizeMessageID digests the body of a Message-ID field (RFC 5322 3.6.4) as it stands in a header: folded
// or not, with comments, with or without angle brackets. Of several ids the first counts. Blanks, line ends and
// NULs are dropped, brackets too; case is kept. It returns 0 when nothing is left.
//
// 0x80 is dropped with the NULs, because Dovecot hands a NUL out as 0x80.
func NormalizeMessageID(value []byte) MessageID {
	if id := firstBracketed(value); id != nil {
		if d := digest(id); d != 0 {
			return d
		}
	}
	return digest(value)
}

// MessageIDFromHeader digests the answer to BODY[HEADER.FIELDS (MESSAGE-ID)]: a header block with at most a
// few fields. It bears bare LF, a missing final line, blanks before the colon, field names in any case, NULs
// and other fields. Of several Message-ID fields the first that is not empty counts; without any it is 0.
func MessageIDFromHeader(block []byte) MessageID {
	for len(block) > 0 {
		var field []byte
		field, block = nextField(block)
		name, value, found := bytes.Cut(field, []byte{':'})
		if !found || !isMessageID(name) {
			continue
		}
		if id := NormalizeMessageID(value); id != 0 {
			return id
		}
	}
	return 0
}

// nextField cuts one field with its continuation lines (RFC 5322 2.2.3) off the block.
func nextField(block []byte) (field, rest []byte) {
	for end := 0; end < len(block); {
		i := bytes.IndexByte(block[end:], '\n')
		if i < 0 {
			break
		}
		end += i + 1
		if end < len(block) && block[end] != ' ' && block[end] != '\t' {
			return block[:end], block[end:]
		}
	}
	return block, nil
}

// isMessageID tells whether a field name is Message-ID, whatever ignorable bytes stand around or inside it.
func isMessageID(name []byte) bool {
	const want = "message-id"
	n := 0
	for _, c := range name {
		if ignorable(c) {
			continue
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if n == len(want) || c != want[n] {
			return false
		}
		n++
	}
	return n == len(want)
}

// firstBracketed returns what stands in the first angle brackets outside a comment, or nil. An id that is
// never closed reaches to the end.
func firstBracketed(value []byte) []byte {
	depth := 0
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\\' && depth > 0:
			i++ // a quoted pair inside a comment (RFC 5322 3.2.2)
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case c == '<' && depth == 0:
			id := value[i+1:]
			if end := bytes.IndexByte(id, '>'); end >= 0 {
				id = id[:end]
			}
			return id
		}
	}
	return nil
}

// digest is 64-bit FNV-1a over the bytes that count, 0 only when there are none.
func digest(b []byte) MessageID {
	const offset, prime = 14695981039346656037, 1099511628211
	h, n := uint64(offset), 0
	for _, c := range b {
		if ignorable(c) {
			continue
		}
		h = (h ^ uint64(c)) * prime
		n++
	}
	switch {
	case n == 0:
		return 0
	case h == 0:
		return 1
	}
	return MessageID(h)
}

// ignorable tells of bytes that carry nothing in an id: controls, blanks, and 0x80 that stands for NUL.
func ignorable(c byte) bool { return c <= ' ' || c == 0x7f || c == 0x80 }
