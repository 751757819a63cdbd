// Package mapping says what equals what; pure, no I/O.
package mapping
