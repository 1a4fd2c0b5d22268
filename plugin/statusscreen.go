package plugin

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

// writeStatus prints the one screen: what is going on, a line for each node, what is
// wrong, and the next command. Lines have at most width columns; rows, if it is not 0,
// is how many there are, and nodes about which there is nothing to say give way first.
func writeStatus(w io.Writer, s *cutover.Status, palette ui.Palette, now time.Time, width, rows int) error {
	head := statusHead(s, now, width)
	tail := statusTail(s, palette, width)
	nodes, hidden := s.Nodes, 0
	if rows > 0 {
		// A blank line and the table's header, and a line about what is left out.
		nodes, hidden = fitting(s.Nodes, rows-len(head)-len(tail)-3)
	}
	for _, line := range head {
		fmt.Fprintln(w, line)
	}
	table := ui.Table{Columns: []string{"NODE", "SERVES", "POD", "READY", "SINCE", "STATE"}, Flexible: 5}
	for _, n := range nodes {
		since := "-"
		if !n.Since.IsZero() {
			since = duration.HumanDuration(now.Sub(n.Since))
		}
		ready, style := "no", ui.Bad
		if n.Ready {
			ready, style = "yes", ui.Good
		}
		table.Add(ui.Cell{Text: n.Name}, ui.Cell{Text: orDash(n.Serves)}, ui.Cell{Text: orDash(n.Pod)},
			ui.Cell{Text: ready, Style: style}, ui.Cell{Text: since}, ui.Cell{Text: n.State})
	}
	if table.Len() > 0 {
		fmt.Fprintln(w)
		if err := table.Write(w, width, palette); err != nil {
			return fmt.Errorf("printing: %w", err)
		}
	}
	if hidden > 0 {
		fmt.Fprintln(w, palette.Paint(ui.Faint, fmt.Sprintf("… and %s, about which there is nothing to say", plural(hidden, "node"))))
	}
	for _, line := range tail {
		fmt.Fprintln(w, line)
	}
	return nil
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// fitting are as many nodes as there is room for, in their order: those on which
// something happens before those that serve and wait.
func fitting(nodes []cutover.NodeStatus, room int) (shown []cutover.NodeStatus, hidden int) {
	room = max(room, 1)
	if len(nodes) <= room {
		return nodes, 0
	}
	calm := func(n cutover.NodeStatus) bool {
		return n.Ready && (n.State == "ok" || n.State == "waiting" || n.State == "switched")
	}
	busy := 0
	for _, n := range nodes {
		if !calm(n) {
			busy++
		}
	}
	quiet := max(0, room-busy)
	for _, n := range nodes {
		switch {
		case len(shown) == room:
		case !calm(n):
			shown = append(shown, n)
		case quiet > 0:
			quiet--
			shown = append(shown, n)
		}
	}
	return shown, len(nodes) - len(shown)
}

func statusHead(s *cutover.Status, now time.Time, width int) []string {
	const column = 12
	var lines []string
	line := func(name string, parts ...string) {
		room := 0
		if width > 0 {
			room = max(width-column, 1)
		}
		for _, flowed := range ui.Flow(parts, room) {
			broken := []string{flowed}
			if room > 0 && utf8.RuneCountInString(flowed) > room {
				broken = ui.Wrap(flowed, room)
			}
			for _, text := range broken {
				lines = append(lines, fmt.Sprintf("%-*s", column, name)+text)
				name = ""
			}
		}
	}
	line("Cluster", fmt.Sprintf("%s (%s)", orDash(s.Cluster), orDash(s.ServerVersion)), "IngressRoutes: "+s.Routes)
	oldTitle, newTitle := "(none)", "(none)"
	if s.Old != nil {
		oldTitle = s.Old.Title
	}
	if s.New != nil {
		newTitle = s.New.Title
	}
	migration := []string{oldTitle + " -> " + newTitle, "phase: " + s.Migration.Phase}
	if s.Migration.Strategy != journal.ByLabel {
		migration = append(migration, "strategy: "+string(s.Migration.Strategy))
	}
	if m := s.Migration; m.ID != "" {
		state := "nobody runs it now"
		if m.Running {
			state = "run by " + m.Holder
		}
		migration = append(migration, fmt.Sprintf("id %s, started %s ago, %s", m.ID, duration.HumanDuration(now.Sub(m.Started)), state))
	}
	line("Migration", migration...)
	if p := s.Parallel; p != nil {
		state := "nobody runs it now"
		if p.Running {
			state = "run by " + p.Holder
		}
		line("Parallel", p.Phase, p.LoadBalancer, fmt.Sprintf("%s -> %s", orDash(p.Sides.Old), orDash(p.Sides.New)),
			"for "+duration.HumanDuration(now.Sub(p.Since)), state)
	}
	if s.Ingresses != "" {
		line("Ingresses", s.Ingresses)
	}
	line("Webhook", s.Webhook)
	serving := []string{fmt.Sprintf("%d of %d nodes (floor %d)", s.Serving, len(s.Nodes), s.Floor)}
	if len(s.Nodes) == 0 {
		serving = []string{"no node is for these proxies"}
		if s.Old == nil && s.New == nil {
			serving = []string{"no DaemonSet of a proxy was found", "for Deployments see " + displayName + " cutover run --help"}
		}
	}
	if s.Probe != nil {
		serving = append(serving, fmt.Sprintf("lost requests seen: %s of %s", thousands(s.Probe.Lost), thousands(s.Probe.Sent)))
	}
	line("Serving", serving...)
	return lines
}

// statusTail is what is wrong, and the next command.
func statusTail(s *cutover.Status, palette ui.Palette, width int) []string {
	var lines []string
	if len(s.Problems) > 0 {
		lines = append(lines, "")
	}
	// long breaks a text that does not fit between words, and indents what follows.
	long := func(lead, text string) {
		parts := []string{text}
		if width > 0 && utf8.RuneCountInString(text)+2 > width {
			parts = ui.Wrap(text, max(width-2, 1))
		}
		for i, part := range parts {
			if i > 0 {
				lead = "  "
			}
			lines = append(lines, lead+part)
		}
	}
	for _, p := range s.Problems {
		text := p.Object + "  " + p.What
		command := ""
		if p.Command != "" {
			command = "   -> " + p.Command
		}
		// What is to be typed stays in one piece.
		if width > 0 && utf8.RuneCountInString(text+command)+2 > width && command != "" {
			long(palette.Paint(ui.Bad, "!")+" ", text)
			lines = append(lines, strings.TrimPrefix(command, " "))
			continue
		}
		long(palette.Paint(ui.Bad, "!")+" ", text+command)
	}
	long("", "Next: "+s.Next)
	return lines
}
