//go:build !linux && !darwin && !freebsd

package durable

import (
	"math"
	"os"
)

// freeBytes is not known here: there always seems to be room.
func freeBytes(*os.File) (int64, error) { return math.MaxInt64, nil }
