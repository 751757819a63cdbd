package memory_test

import (
	"testing"

	"crossfade/store"
	"crossfade/store/memory"
	"crossfade/store/storetest"
)

func open(*testing.T) (store.KV, func() store.KV) { return memory.New(), nil }

func TestKV(t *testing.T) { storetest.KV(t, open) }

func TestStore(t *testing.T) { storetest.Store(t, open) }
