package backfill

import (
	"bytes"
	"context"
	"errors"
)

// appendBinary is the second rung of the ladder before quarantine: a message with NUL in it, which a plain literal
// must not hold (RFC 3501 9), is sent once more as it is in a literal8, where the destination offers BINARY (RFC
// 3516). Nothing is rewritten. It replaces the results of those messages and returns how the batch ended.
func (f *folder) appendBinary(ctx context.Context, w Writer, items []AppendItem, results []AppendResult, err error) error {
	if err != nil && uncertain(err) || !w.Features().Caps.Has("BINARY") {
		return err
	}
	for i := range results {
		if results[i].Err == nil || !itemOnly(results[i].Err) || !hasNUL(&items[i]) {
			continue
		}
		it := items[i]
		it.Binary = true
		again, late := w.Append(ctx, f.record().Name, []AppendItem{it})
		switch {
		case len(again) == 1 && itemOnly(again[0].Err):
			// The refusal of the message as it is stands: it names the cause.
		case len(again) == 1:
			results[i] = again[0]
		case late != nil && uncertain(late):
			results[i] = AppendResult{} // it may be there: the bytes tell
		}
		if late != nil {
			return errors.Join(err, late)
		}
	}
	return err
}

// hasNUL tells whether a message holds a NUL.
func hasNUL(it *AppendItem) bool {
	r, err := it.Open()
	if err != nil {
		return false
	}
	defer func() { _ = r.Close() }() // it was only read
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		if bytes.IndexByte(buf[:n], 0) >= 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
}
