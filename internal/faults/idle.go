package faults

import "strings"

func (c *conn) idle(*command) error {
	c.line("+ idling")
	if err := c.flush(CutNot); err != nil {
		return err
	}
	done := make(chan error, 1)
	c.s.work.Go(func() {
		line, err := c.wire.ReadLine()
		if err == nil && !strings.EqualFold(strings.TrimSpace(string(line)), "DONE") {
			err = bad("DONE ends IDLE")
		}
		done <- err
	})
	for {
		c.s.mu.Lock()
		c.sync(true)
		news := c.s.news
		c.s.mu.Unlock()
		if err := c.flush(CutNot); err != nil {
			_ = c.nc.Close()
			<-done
			return err
		}
		select {
		case err := <-done:
			return err
		case <-news:
		}
	}
}
