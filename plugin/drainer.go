package plugin

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb/elbv2"
)

// parseDrainer reads a value of --lb where single nodes are taken out of rotation: those
// of lb.Parse, and
//
//	aws:TARGET-GROUP[,TARGET-GROUP…]       names or ARNs; targets are instances or addresses
func parseDrainer(value string, client kubernetes.Interface) (lb.Drainer, error) {
	kind, rest, _ := strings.Cut(value, ":")
	if kind != "aws" {
		return lb.Parse(value, client)
	}
	groups := strings.Split(rest, ",")
	if slices.Contains(groups, "") {
		return nil, fmt.Errorf("--lb=%s: name the target groups of the nodes, such as aws:edge-http,edge-https", value)
	}
	return elbv2.NewDrainer(groups), nil
}
