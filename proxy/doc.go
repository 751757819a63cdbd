// Package proxy is what clients talk to.
package proxy
