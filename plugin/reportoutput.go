package plugin

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"
)

// reportFlags is -o of a command whose answer is one report. Without it, and with
// wide where there is such a form, the command draws its screen itself.
type reportFlags struct {
	print *genericclioptions.PrintFlags
	// rows is the field of the report with what custom-columns prints a line of.
	rows string
	// hasWide: the screen has more columns for -o wide.
	hasWide bool
	// names are the lines of -o name; nil: the report has no names.
	names func(runtime.Object) []string
}

func newReportFlags(rows string) reportFlags {
	return reportFlags{print: genericclioptions.NewPrintFlags(""), rows: rows}
}

// add adds -o with the completion of its values.
func (f *reportFlags) add(cmd *cobra.Command) {
	f.print.AddFlags(cmd)
	cmd.Flags().Lookup("output").Usage = "Output format. One of: (" + strings.Join(f.formats(), ", ") + ")"
	// The only error is an unknown flag, which the tests would show at once.
	_ = cmd.RegisterFlagCompletionFunc("output", func(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
		return withPrefix(f.formats(), prefix), cobra.ShellCompDirectiveNoFileComp
	})
}

func (f *reportFlags) formats() []string {
	formats := append(f.print.AllowedFormats(), customColumns)
	if f.hasWide {
		formats = append(formats, "wide")
	}
	if f.names == nil {
		formats = slices.DeleteFunc(formats, func(format string) bool { return format == "name" })
	}
	slices.Sort(formats)
	return formats
}

// format is the name of the format that is asked for, and what stands behind =.
func (f *reportFlags) format() (name, argument string) {
	name, argument, _ = strings.Cut(*f.print.OutputFormat, "=")
	return strings.ToLower(name), argument
}

// wide tells whether the screen is to have all its columns.
func (f *reportFlags) wide() bool {
	name, _ := f.format()
	return f.hasWide && name == "wide"
}

// screen tells whether the command draws the report itself.
func (f *reportFlags) screen() bool { return *f.print.OutputFormat == "" || f.wide() }

// check refuses a format that is not known, before anything is asked or sent.
func (f *reportFlags) check() error {
	if f.screen() {
		return nil
	}
	_, err := f.printer()
	return err
}

func (f *reportFlags) printer() (printers.ResourcePrinter, error) {
	switch name, argument := f.format(); {
	case name == customColumns:
		printer, err := newColumnsPrinter(argument, f.rows)
		if err != nil {
			return nil, usageError("--output: %v", err)
		}
		return printer, nil
	case name == "name" && f.names == nil, name == "wide" && !f.hasWide:
		return nil, usageError("--output %s: this report has no such form; it has %s", name, strings.Join(f.formats(), ", "))
	case name == "name":
		return printers.ResourcePrinterFunc(func(report runtime.Object, w io.Writer) error {
			for _, line := range f.names(report) {
				if _, err := fmt.Fprintln(w, line); err != nil {
					return err
				}
			}
			return nil
		}), nil
	}
	return printerFor(f.print)
}

// show prints the report in the format that is asked for.
func (f *reportFlags) show(w io.Writer, report runtime.Object) error {
	printer, err := f.printer()
	if err != nil {
		return err
	}
	return printer.PrintObj(report, w)
}
