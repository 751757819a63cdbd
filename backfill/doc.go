// Package backfill is the overlay engine.
package backfill
