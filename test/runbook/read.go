// Package runbook lets tests do what a document tells its readers to do.
//
// A block of Markdown with the language "console" has commands after "$ ", which run
// in a shell, and below each what it prints. Other text is written as it is, but for
//
//   - "…", which stands for any text, and alone in a line for any number of lines
//   - spaces, of which any number are the same, since columns follow their content
//   - durations and the random ends of pods' names, which are never the same
//
// A command with nothing below it may print anything. The block's attributes say more:
// "status=1" how its last command ends, "again" that it is repeated until it is as
// written. Comments of Markdown may have such blocks, too: what readers need not see.
// A comment <!-- sandbox: NAME ARGUMENT… --> is something that the sandbox does there,
// because it cannot do as the text says. Blocks of the language "sh" do not run.
package runbook

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Block is a fenced block of a document.
type Block struct {
	Line       int // of its first line of text, from 1
	Language   string
	Attributes []string
	Text       []string
}

// Step is a command, or something that the sandbox does.
type Step struct {
	Line    int
	Command string
	Want    []string
	Status  int
	Again   bool
	// Sandbox is a name and arguments; nil when there is a Command.
	Sandbox []string
}

var sandboxComment = regexp.MustCompile(`^<!-- sandbox: (.*) -->$`)

// Blocks are all of a document, those in comments too.
func Blocks(document string) []Block {
	blocks, _ := scan(document)
	return blocks
}

// scan finds blocks, and comments to the sandbox by their lines.
func scan(document string) ([]Block, map[int][]string) {
	var blocks []Block
	comments := map[int][]string{}
	var open *Block
	for i, line := range strings.Split(document, "\n") {
		trimmed := strings.TrimSpace(line)
		info, fence := strings.CutPrefix(trimmed, "```")
		switch {
		case fence && open != nil:
			blocks, open = append(blocks, *open), nil
		case fence:
			open = &Block{Line: i + 2}
			if words := strings.Fields(info); len(words) > 0 {
				open.Language, open.Attributes = words[0], words[1:]
			}
		case open != nil:
			open.Text = append(open.Text, line)
		default:
			if found := sandboxComment.FindStringSubmatch(trimmed); found != nil {
				comments[i+1] = strings.Fields(found[1])
			}
		}
	}
	return blocks, comments
}

// Steps are what a document tells to do, in order.
func Steps(document string) ([]Step, error) {
	blocks, comments := scan(document)
	at := map[int][]Step{}
	for line, words := range comments {
		at[line] = []Step{{Line: line, Sandbox: words}}
	}
	for _, block := range blocks {
		if block.Language != "console" {
			continue
		}
		steps, err := block.Steps()
		if err != nil {
			return nil, err
		}
		at[block.Line] = steps
	}
	var all []Step
	for line := range strings.Count(document, "\n") + 2 {
		all = append(all, at[line]...)
	}
	return all, nil
}

// Steps are the commands of a console block.
func (b Block) Steps() ([]Step, error) {
	var steps []Step
	continued := false
	for i, line := range b.Text {
		command, isCommand := strings.CutPrefix(line, "$ ")
		switch {
		case continued:
			steps[len(steps)-1].Command += "\n" + line
			continued = strings.HasSuffix(line, `\`)
		case isCommand:
			steps = append(steps, Step{Line: b.Line + i, Command: command})
			continued = strings.HasSuffix(command, `\`)
		case len(steps) == 0:
			return nil, fmt.Errorf("line %d: a console block begins with a command after \"$ \"", b.Line+i)
		default:
			last := &steps[len(steps)-1]
			last.Want = append(last.Want, line)
		}
	}
	for _, attribute := range b.Attributes {
		name, value, _ := strings.Cut(attribute, "=")
		if len(steps) == 0 {
			break
		}
		last := &steps[len(steps)-1]
		var err error
		switch name {
		case "again":
			last.Again = true
		case "status":
			last.Status, err = strconv.Atoi(value)
		default:
			err = fmt.Errorf("there is no attribute %q", attribute)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", b.Line, err)
		}
	}
	return steps, nil
}
