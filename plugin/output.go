package plugin

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"
)

// manifests turns emitted objects into what a file should hold: no status, no
// empty creation timestamp.
func manifest(object runtime.Object) (*unstructured.Unstructured, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil, fmt.Errorf("encoding %T: %w", object, err)
	}
	u := &unstructured.Unstructured{Object: content}
	unstructured.RemoveNestedField(u.Object, "metadata", "creationTimestamp")
	unstructured.RemoveNestedField(u.Object, "status")
	return u, nil
}

// printObjects prints YAML and names object by object, and every other format
// as one v1 List, which is what jq and jsonpath expect.
func printObjects(w io.Writer, flags *genericclioptions.PrintFlags, objects []*unstructured.Unstructured) error {
	printer, err := printerFor(flags)
	if err != nil {
		return err
	}
	switch format := strings.ToLower(*flags.OutputFormat); format {
	case "yaml", "kyaml", "name", "":
		for _, object := range objects {
			if err := printer.PrintObj(object, w); err != nil {
				return err
			}
		}
		return nil
	}
	list := &unstructured.UnstructuredList{Object: map[string]any{"apiVersion": "v1", "kind": "List", "metadata": map[string]any{}}}
	for _, object := range objects {
		list.Items = append(list.Items, *object)
	}
	return printer.PrintObj(list, w)
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
