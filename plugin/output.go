package plugin

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/manifest"
)

// asManifest is what a file should hold of an emitted object: no status, no empty
// creation timestamp.
func asManifest(object runtime.Object) (*unstructured.Unstructured, error) {
	if u, ok := object.(*unstructured.Unstructured); ok {
		return u, nil
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil, fmt.Errorf("encoding %T: %w", object, err)
	}
	u := &unstructured.Unstructured{Object: content}
	unstructured.RemoveNestedField(u.Object, "metadata", "creationTimestamp")
	unstructured.RemoveNestedField(u.Object, "status")
	return u, nil
}

// printObjects prints objects that are at hand, see streamObjects.
func printObjects(w io.Writer, flags *genericclioptions.PrintFlags, objects []*unstructured.Unstructured) error {
	return streamObjects(w, flags, func(yield func(runtime.Object) bool) {
		for _, object := range objects {
			if !yield(object) {
				return
			}
		}
	})
}

// streamObjects prints YAML and names object by object, and every other format
// as one v1 List, which is what jq and jsonpath expect.
func streamObjects(w io.Writer, flags *genericclioptions.PrintFlags, objects iter.Seq[runtime.Object]) error {
	printer, err := printerFor(flags)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 1<<16)
	list := &unstructured.UnstructuredList{Object: map[string]any{"apiVersion": "v1", "kind": "List", "metadata": map[string]any{}}}
	format := strings.ToLower(*flags.OutputFormat)
	single := slices.Contains([]string{"kyaml", "name", ""}, format)
	documents := yamlPrinter{out: out, flags: flags, writer: manifest.NewWriter()}
	for object := range objects {
		if format == "yaml" {
			if err := documents.print(object); err != nil {
				return err
			}
			continue
		}
		u, err := asManifest(object)
		if err != nil {
			return err
		}
		if !single {
			list.Items = append(list.Items, *u)
			continue
		}
		if err := printer.PrintObj(u, out); err != nil {
			return err
		}
	}
	if !single && format != "yaml" {
		if err := printer.PrintObj(list, out); err != nil {
			return err
		}
	}
	return out.Flush()
}

// yamlPrinter prints YAML as kubectl does, thousands of objects in no time.
type yamlPrinter struct {
	out    *bufio.Writer
	flags  *genericclioptions.PrintFlags
	writer *manifest.Writer
	text   []byte
	// started: the next object needs a line between itself and the one before.
	started bool
}

func (p *yamlPrinter) print(object runtime.Object) error {
	if p.started {
		if _, err := p.out.WriteString("---\n"); err != nil {
			return err
		}
	}
	p.started = true
	text, ok := p.writer.Append(p.text[:0], object)
	if ok {
		p.text = text
		_, err := p.out.Write(text)
		return err
	}
	u, err := asManifest(object)
	if err != nil {
		return err
	}
	// A printer of its own: one that has printed before writes the line between, too.
	printer, err := printerFor(p.flags)
	if err != nil {
		return err
	}
	return printer.PrintObj(u, p.out)
}

func printerFor(flags *genericclioptions.PrintFlags) (printers.ResourcePrinter, error) {
	printer, err := flags.ToPrinter()
	if err != nil {
		return nil, withStatus(StatusUsage, err)
	}
	return printer, nil
}

// addOutputFlag adds -o with the completion of its values.
func addOutputFlag(cmd *cobra.Command, flags *genericclioptions.PrintFlags) {
	flags.AddFlags(cmd)
	// The only error is an unknown flag, which the tests would show at once.
	_ = cmd.RegisterFlagCompletionFunc("output", func(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
		return withPrefix(flags.AllowedFormats(), prefix), cobra.ShellCompDirectiveNoFileComp
	})
}
