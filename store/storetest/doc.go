// Package storetest holds the suites that every engine passes: KV for the engine itself, Store for the typed records
// over it.
package storetest
