package mapping

// MessageID is a short digest of a normalised Message-ID header; 0 when the message has none. It proposes
// pairs, it never proves one.
type MessageID uint64
