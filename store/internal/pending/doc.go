// Package pending holds the writes of an update that is not yet committed, laid over what it reads from.
package pending
