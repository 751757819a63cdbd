package standin

import "strings"

// linksOf are the collections of a home, with the book of the domain's addresses where there is one; the caller holds mu.
func (d *DAV) linksOf(h *davHome) []*davLink {
	if !d.opt.GAL {
		return h.links
	}
	return append(h.links[:len(h.links):len(h.links)], &davLink{davCollection: d.gal(domainOf(h.email)), id: galID, name: "Global Address List", shared: true, readOnly: true})
}

func (d *DAV) linkOf(h *davHome, id string) *davLink {
	for _, l := range d.linksOf(h) {
		if strings.EqualFold(l.id, id) {
			return l
		}
	}
	return nil
}

// gal is the book of a domain's addresses as they are now; the caller holds mu.
func (d *DAV) gal(domain string) *davCollection {
	c := d.gals[domain]
	if c == nil {
		c = d.collection(Contacts, domain, "Global Address List")
		d.gals[domain] = c
	}
	there := map[string]bool{}
	for _, email := range d.dir.Emails(domain) {
		m, _ := d.dir.Mailbox(email)
		local, _, _ := strings.Cut(strings.ToLower(email), "@")
		name, body := local+".vcf", galCard(m)
		there[name] = true
		if o := c.objects[name]; o != nil && string(o.body) == string(body) {
			continue
		}
		if it, err := readItem(Contacts, body, false); err == nil {
			d.store(c, name, it, body)
		}
	}
	for _, o := range c.list() {
		if !there[o.name] {
			d.drop(c, o)
		}
	}
	return c
}

// galCard is the card of a mailbox. A line break in a name would end its line.
func galCard(m Mailbox) []byte {
	name := strings.NewReplacer("\r", " ", "\n", " ").Replace(m.FullName)
	if name == "" {
		name = m.Email
	}
	return []byte("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:gal-" + m.Email + "\r\nFN:" + name + "\r\nN:" + name + ";;;;\r\nEMAIL:" + m.Email + "\r\nEND:VCARD\r\n")
}
