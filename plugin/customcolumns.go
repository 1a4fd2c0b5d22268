package plugin

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/client-go/util/jsonpath"
)

// customColumns is kubectl's format of this name. Its printer is kubectl's own
// and in no library; this one takes the same HEADER:PATH,… .
const customColumns = "custom-columns"

type column struct {
	header string
	path   *jsonpath.JSONPath
}

// columnsPrinter prints a line for each entry of a report's list.
type columnsPrinter struct {
	columns []column
	rows    string
}

func newColumnsPrinter(spec, rows string) (*columnsPrinter, error) {
	if spec == "" {
		return nil, fmt.Errorf("%s needs columns, such as %s=NAME:.name", customColumns, customColumns)
	}
	p := &columnsPrinter{rows: rows}
	for part := range strings.SplitSeq(spec, ",") {
		header, path, ok := strings.Cut(part, ":")
		if !ok || header == "" || path == "" {
			return nil, fmt.Errorf("%s: %q is no HEADER:PATH, such as NAME:.name", customColumns, part)
		}
		// kubectl takes .name, name, {.name} and {name}.
		path = strings.TrimPrefix(strings.TrimSuffix(strings.TrimPrefix(path, "{"), "}"), ".")
		parsed := jsonpath.New(header).AllowMissingKeys(true)
		if err := parsed.Parse("{." + path + "}"); err != nil {
			return nil, fmt.Errorf("%s: the path of %s: %w", customColumns, header, err)
		}
		p.columns = append(p.columns, column{header, parsed})
	}
	return p, nil
}

// PrintObj implements printers.ResourcePrinter.
func (p *columnsPrinter) PrintObj(report runtime.Object, w io.Writer) error {
	// By way of JSON: paths name what -o json shows.
	raw, err := json.Marshal(report)
	if err != nil {
		return fmt.Errorf("encoding %T: %w", report, err)
	}
	var content map[string]any
	if err := json.Unmarshal(raw, &content); err != nil {
		return fmt.Errorf("decoding %T: %w", report, err)
	}
	list, _ := content[p.rows].([]any)
	table := printers.GetNewTabWriter(w)
	line := func(cells []string) { fmt.Fprintln(table, strings.Join(cells, "\t")) }
	var cells []string
	for _, c := range p.columns {
		cells = append(cells, c.header)
	}
	line(cells)
	for _, row := range list {
		cells = cells[:0]
		for _, c := range p.columns {
			cell, err := c.cell(row)
			if err != nil {
				return err
			}
			cells = append(cells, cell)
		}
		line(cells)
	}
	return table.Flush()
}

func (c column) cell(row any) (string, error) {
	results, err := c.path.FindResults(row)
	if err != nil {
		return "", fmt.Errorf("column %s: %w", c.header, err)
	}
	var texts []string
	for _, result := range results {
		for _, value := range result {
			texts = append(texts, fmt.Sprint(value.Interface()))
		}
	}
	if len(texts) == 0 {
		return "<none>", nil
	}
	return strings.Join(texts, ","), nil
}
