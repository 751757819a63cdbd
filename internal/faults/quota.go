package faults

// quota is GETQUOTAROOT and GETQUOTA (RFC 2087), in KiB.
func (c *conn) quota(cmd *command) error {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	name, ok := astring(cmd.args)
	if !ok {
		return bad("which?")
	}
	if cmd.verb == "GETQUOTAROOT" {
		c.linef(`* QUOTAROOT %s ""`, quote(name))
	}
	if most := c.s.quirks.Quota; most > 0 {
		c.linef(`* QUOTA "" (STORAGE %d %d)`, (c.acct.size()+1023)/1024, most/1024)
	} else {
		c.line(`* QUOTA "" ()`)
	}
	return nil
}
