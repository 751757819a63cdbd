// Package memory is the store's engine without a disk: for tests, for the demo and as the plain reference that the
// other engines are compared with. The tree is never changed in place, so a snapshot is one pointer.
package memory
