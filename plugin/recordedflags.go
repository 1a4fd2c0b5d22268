package plugin

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/htmlreport"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/probe"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/shift"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/verify"
)

// recordedFlags name files with what other commands found, for a page.
type recordedFlags struct{ probe, verify, journal string }

func (f *recordedFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.probe, "probe", "", "File with the report of a probe, as 'probe -o json' or yaml writes it")
	cmd.Flags().StringVar(&f.verify, "verify", "", "File with the report of verify, as 'verify -o json' or yaml writes it")
	cmd.Flags().StringVar(&f.journal, "journal", "", "File with the ConfigMap that records a cutover or a shift (default: the cluster's newest)")
}

func (f *recordedFlags) read(page *htmlreport.Page) error {
	if f.probe != "" {
		page.Probe = &probe.Report{}
		if err := readKind("probe", f.probe, probe.APIVersion, probe.Kind, page.Probe, &page.Probe.TypeMeta); err != nil {
			return err
		}
	}
	if f.verify != "" {
		page.Verify = &verify.Report{}
		if err := readKind("verify", f.verify, verify.APIVersion, verify.Kind, page.Verify, &page.Verify.TypeMeta); err != nil {
			return err
		}
	}
	if f.journal != "" {
		cm := &corev1.ConfigMap{}
		if err := readKind("journal", f.journal, "v1", "ConfigMap", cm, &cm.TypeMeta); err != nil {
			return err
		}
		var err error
		switch {
		case cm.Labels[journal.Label] != "":
			page.Journal, err = journal.Parse(cm)
		case cm.Labels[shift.Label] != "":
			page.Weights, err = shift.Parse(cm)
		default:
			err = fmt.Errorf("ConfigMap %s/%s has neither label %s nor %s: it records no cutover", cm.Namespace, cm.Name, journal.Label, shift.Label)
		}
		if err != nil {
			return usageError("--journal %s: %v", f.journal, err)
		}
	}
	return nil
}

// readKind reads one object of a file and insists on what it is.
func readKind(flag, file, apiVersion, kind string, into any, is *metav1.TypeMeta) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return usageError("--%s: %v", flag, err)
	}
	if err := yaml.Unmarshal(content, into); err != nil {
		return usageError("--%s %s: %v", flag, file, err)
	}
	if is.APIVersion != apiVersion || is.Kind != kind {
		found := fmt.Sprintf("%s of %s", is.Kind, is.APIVersion)
		if is.Kind == "" {
			found = "no kind"
		}
		return usageError("--%s %s: it has %s, want %s of %s", flag, file, found, kind, apiVersion)
	}
	return nil
}
