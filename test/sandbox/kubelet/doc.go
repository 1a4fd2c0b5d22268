// Package kubelet runs pods as plain processes: one Kubelet is any number of
// virtual nodes in this process, each with an address of its own on loopback.
//
// What a pod's image names is looked up in a table of programs; the pod's
// command line, environment, volumes, probes, hooks, restart policy, grace period
// and service account mean what they mean on a real node. What differs:
//
//   - There are no mounts. A volume is a directory, and a container's mountPath is
//     replaced by that directory wherever it stands as a whole path prefix in the
//     container's command, args and env values (and in files of ConfigMaps and
//     Secrets, if Program.RewriteFiles says that the program reads paths there).
//     /var/run/secrets/kubernetes.io/serviceaccount does not exist; the process has
//     KUBECONFIG instead, with a real token of the pod's service account.
//   - There are no network namespaces. A hostNetwork pod has its node's address,
//     any other an address of its own (status.podIP). A program that listens on
//     ":80" listens on every address of the machine: manifests must say
//     $(NODE_IP):80 or $(POD_IP):80, from fieldRefs or from the variables of those
//     names that every process gets. A hostPort of a pod without hostNetwork is
//     forwarded, TCP only; the client's address is not kept.
//   - command[0] only stands for the program: the table's path is run.
//   - hostPath volumes are directories of the node's own, kept as long as the
//     Kubelet's Dir.
//   - Resources, security contexts and images' own files are ignored.
//
// What is not understood (other volume types, gRPC probes, sidecar containers)
// makes the container wait with reason CreateContainerConfigError and a message;
// it is never ignored.
//
// Faults: Kill takes a whole node away at once, StopKubelet only its agent (the
// processes live on), Start brings back either.
package kubelet
