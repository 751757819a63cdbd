package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"mime"
	"strings"
	"time"
)

// demoFolder is a folder of the made-up old server. want is where its mail belongs on the new one: said here by
// hand, so that the comparison does not believe the code it checks.
type demoFolder struct {
	name, want string
	messages   []demoMessage
}

type demoMessage struct {
	body  []byte
	date  time.Time
	flags []string
}

// demoFolders are the old server's folders: of a company in Germany with an office in Viet Nam.
func demoFolders() []demoFolder {
	return []demoFolder{
		{name: "INBOX", want: "INBOX"},
		{name: "Gesendet", want: "Sent Items"},
		{name: "Entwürfe", want: "Drafts"},
		{name: "Papierkorb", want: "Deleted Items"},
		{name: "Khách hàng", want: "Khách hàng"},
		{name: "Khách hàng/Hà Nội", want: "Khách hàng/Hà Nội"},
		{name: "Khách hàng/Đà Nẵng", want: "Khách hàng/Đà Nẵng"},
		{name: "Hóa đơn/Năm 2024", want: "Hóa đơn/Năm 2024"},
		{name: "Rechnungen", want: "Rechnungen"},
		{name: "Rechnungen/Größe & Maß", want: "Rechnungen/Größe & Maß"},
		{name: "R&D", want: "R&D"},
		{name: "Projects/Bridge.v2", want: "Projects/Bridge.v2"},
	}
}

type demoMaker struct {
	r    *rand.Rand
	text []byte // lines to cut from
}

// makeDemoMail fills the folders; the same seed gives the same bytes.
func makeDemoMail(seed uint64) []demoFolder {
	m := demoMaker{r: rand.New(rand.NewPCG(seed, 1))}
	words := strings.Fields("the bridge report is ready please have a look at the numbers before Friday and let me know what the office in Hanoi thinks about delivery " +
		"Angebot Lieferung Prüfung Vertrag Größe Rechnung Termin bitte danke Grüße hợp đồng báo giá giao hàng cảm ơn khách hàng hóa đơn thứ sáu")
	for len(m.text) < 1<<20 {
		line := ""
		for range 6 + m.r.IntN(6) {
			line += words[m.r.IntN(len(words))] + " "
		}
		m.text = append(m.text, strings.TrimSpace(line)+"\r\n"...)
	}
	folders := demoFolders()
	for i := range folders {
		count := 15 + m.r.IntN(20)
		if i == 0 {
			count = 120
		}
		for n := range count {
			folders[i].messages = append(folders[i].messages, m.message(i, n, folders[i].messages))
		}
	}
	return folders
}

// message makes one message. A few are twins or exact repetitions of an earlier one, as real mailboxes have them.
func (m demoMaker) message(folder, n int, before []demoMessage) demoMessage {
	date := time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(m.r.Int64N(10*365*24*3600)) * time.Second)
	if n > 0 && m.r.IntN(40) == 0 {
		return before[m.r.IntN(n)]
	}
	var b bytes.Buffer
	people := []string{"Nguyễn Thị Hạnh", "Trần Văn Minh", "Jörg Müller", "Käthe Groß", "Ann Example"}
	subjects := []string{"Báo giá tháng này", "Re: Hợp đồng cầu", "AW: Prüfung der Maße", "Rechnung und Größe", "Weekly report", "Re: Bridge, part two"}
	fmt.Fprintf(&b, "From: %s <p%d@example.test>\r\n", mime.BEncoding.Encode("utf-8", people[m.r.IntN(len(people))]), m.r.IntN(50))
	fmt.Fprintf(&b, "To: Alice <%s>\r\nSubject: %s\r\n", demoUser, mime.QEncoding.Encode("utf-8", subjects[m.r.IntN(len(subjects))]))
	fmt.Fprintf(&b, "Date: %s\r\n", date.Format(time.RFC1123Z))
	if m.r.IntN(25) != 0 { // some old mail has none
		fmt.Fprintf(&b, "Message-ID: <%d.%d.%x@example.test>\r\n", folder, n, m.r.Uint64())
	}
	b.WriteString("MIME-Version: 1.0\r\n")
	m.body(&b)
	arrived := date.Add(time.Duration(m.r.IntN(900)) * time.Second).In(time.FixedZone("", 7*3600))
	return demoMessage{body: b.Bytes(), date: arrived, flags: m.flags()}
}

// body adds text, or text with an attachment of up to some hundred kilobytes.
func (m demoMaker) body(b *bytes.Buffer) {
	text := m.cut(300 + m.r.IntN(4000))
	if m.r.IntN(4) != 0 {
		fmt.Fprintf(b, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s", text)
		return
	}
	data := make([]byte, 1000+m.r.IntN(1<<uint(10+m.r.IntN(9))))
	for i := range data {
		data[i] = byte(m.r.Uint32())
	}
	fmt.Fprintf(b, "Content-Type: multipart/mixed; boundary=\"demo-part\"\r\n\r\n--demo-part\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s", text)
	b.WriteString("--demo-part\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename*=utf-8''H%C3%B3a%20%C4%91%C6%A1n.pdf\r\n\r\n")
	coded := base64.StdEncoding.EncodeToString(data)
	for len(coded) > 76 {
		b.WriteString(coded[:76] + "\r\n")
		coded = coded[76:]
	}
	b.WriteString(coded + "\r\n--demo-part--\r\n")
}

// cut gives about n bytes of whole lines.
func (m demoMaker) cut(n int) []byte {
	at := m.r.IntN(len(m.text) - n - 200)
	from := at + bytes.IndexByte(m.text[at:], '\n') + 1
	return m.text[from : from+n+bytes.IndexByte(m.text[from+n:], '\n')+1]
}

func (m demoMaker) flags() []string {
	var out []string
	for _, f := range []struct {
		name string
		in   int // one message in so many
	}{{`\Answered`, 6}, {`\Flagged`, 12}, {"$Forwarded", 15}, {"Work", 20}} {
		if m.r.IntN(f.in) == 0 {
			out = append(out, f.name)
		}
	}
	if m.r.IntN(4) != 0 {
		out = append(out, `\Seen`)
	}
	return out
}
