// Package sandbox runs a real Kubernetes control plane and process nodes on this
// machine's loopback addresses: no containers, no root, no downloads beside the Go
// module proxy. It needs Linux.
//
//	s, err := sandbox.Start(ctx, sandbox.Options{
//		Nodes:      4,
//		NodeLabels: map[string]string{"edge-node-label": ""},
//		Images:     map[string]kubelet.Program{"traefik:v2.11.50": {Path: traefik2}},
//		Log:        os.Stderr,
//	})
//	if err != nil { … }      // quotes the end of the log of what did not start
//	defer s.Stop()
//	client, err := kubernetes.NewForConfig(s.RESTConfig())
//
// # What is real
//
// etcd, kube-apiserver, kube-controller-manager and kube-scheduler, so: admission,
// RBAC, quota, garbage collection, placement, host port conflicts, roll-outs, node
// loss. The controllers that run are listed in controlplane.go; those for
// Endpoints and EndpointSlices are not among them, because the API server refuses
// loopback addresses there. Backends are ExternalName Services or served at
// Address(k).
//
// Nodes are virtual (package kubelet): a pod is a set of processes of this
// machine, chosen by image from Options.Images. Read that package's comment before
// writing manifests: what listens must listen on $(NODE_IP) or $(POD_IP).
//
// # Addresses
//
// Every sandbox has a slot S of its own (package loopback), so several can run at
// once with the same ports: nodes at 127.0.S.N, the control plane at 127.0.S.250, pods at
// 127.1.S.M, and 127.2.S.K (Address) for a test's own servers.
//
// # Access
//
// RESTConfig, Kubeconfig and Kubectl are the cluster administrator's. User makes a
// kubeconfig for any user and groups, with the rights that RBAC gives them. Pods
// get a KUBECONFIG with a token of their service account and nothing more.
//
// # Webhooks
//
// Webhooks registered with clientConfig.service work: the API server dials
// Services through package egress, which picks a ready pod by the Service's
// selector. The Service needs a ClusterIP and a selector, the pods the port.
//
// # Faults
//
// KillNode, StopKubelet, StartNode, AddNode, RemoveNode for nodes;
// StopAPIServer/StartAPIServer and the same for ControllerManager and Scheduler;
// SetImage changes what an image stands for, so that the next start of a pod
// crashes, is never ready, or is not found.
//
// # Ends
//
// Stop ends exactly what was started. If the process that called Start is killed,
// the kernel kills everything it started. Another process ends a sandbox with
// StopOther, by the identities in the state file.
package sandbox
