package sandbox_test

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
)

func TestVolumesAndVariables(t *testing.T) {
	t.Parallel()
	c := start(t, sandbox.Options{Nodes: 1})
	core := c.client.CoreV1()
	config, err := core.ConfigMaps("default").Create(c.ctx, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "config"}, Data: map[string]string{"a.toml": "first", "LEVEL": "debug"},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	secret, err := core.Secrets("default").Create(c.ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "keys"}, Data: map[string][]byte{"tls.key": []byte("old")},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}

	spec := serverPod(8000, "-listen=$(POD_IP):8000")
	spec.HostNetwork = false
	spec.NodeName = "edge-1"
	spec.Volumes = []corev1.Volume{
		{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "config"}}}},
		{Name: "keys", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "keys", Items: []corev1.KeyToPath{{Key: "tls.key", Path: "private/key.pem"}}}}},
		{Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
	}
	server := &spec.Containers[0]
	server.VolumeMounts = []corev1.VolumeMount{
		{Name: "config", MountPath: "/etc/proxy"}, {Name: "keys", MountPath: "/etc/proxy/keys"},
		{Name: "scratch", MountPath: "/data"}, {Name: "config", MountPath: "/fixed.toml", SubPath: "a.toml"},
	}
	server.Env = []corev1.EnvVar{
		{Name: "CONFIG", Value: "/etc/proxy/a.toml"},
		{Name: "KEY", Value: "file=/etc/proxy/keys/private/key.pem,mode=x"},
		{Name: "FIXED", Value: "/fixed.toml"},
		{Name: "URL", Value: "http://host/etc/proxy/a.toml"},
		{Name: "OTHER", Value: "/etc/proxy2"},
		{Name: "LEVEL", ValueFrom: &corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "config"}, Key: "LEVEL"}}},
		{Name: "ME", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"}}},
		{Name: "GREETING", Value: "$(ME) at $(LEVEL), $(UNKNOWN), $$(ME)"},
	}
	c.pod("mounts", spec)
	pod := c.waitPod("mounts", "Ready", isReady)
	base := "http://" + pod.Status.PodIP + ":8000"
	if pod.Status.PodIP == pod.Status.HostIP {
		t.Errorf("a pod without hostNetwork has its node's address %s", pod.Status.PodIP)
	}
	env := ask(t, base+"/").Env
	file := func(path string) string { return body(base + "/file?path=" + url.QueryEscape(path)) }
	key := strings.TrimSuffix(strings.TrimPrefix(env["KEY"], "file="), ",mode=x")

	for what, got := range map[string][2]string{
		"file of the ConfigMap":      {file(env["CONFIG"]), "first"},
		"file of the Secret":         {file(key), "old"},
		"file by subPath":            {file(env["FIXED"]), "first"},
		"a path in a URL":            {env["URL"], "http://host/etc/proxy/a.toml"},
		"a path that is longer":      {env["OTHER"], "/etc/proxy2"},
		"variable from a ConfigMap":  {env["LEVEL"], "debug"},
		"variables in a variable":    {env["GREETING"], "mounts at debug, $(UNKNOWN), $(ME)"},
		"nothing of our environment": {env["GOPATH"] + env["USER"], ""},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %q, want %q", what, got[0], got[1])
		}
	}

	config.Data["a.toml"] = "second"
	if _, err := core.ConfigMaps("default").Update(c.ctx, config, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	secret.Data["tls.key"] = []byte("new")
	if _, err := core.Secrets("default").Update(c.ctx, secret, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	c.eventually("files refreshed", func() error {
		if a, b := file(env["CONFIG"]), file(key); a != "second" || b != "new" {
			return fmt.Errorf("%q and %q", a, b)
		}
		return nil
	})
	if got := file(env["FIXED"]); got != "first" {
		t.Errorf("a subPath shows %q after the change, want the file of the start", got)
	}
}

func TestPodsHaveTheirServiceAccountsRights(t *testing.T) {
	t.Parallel()
	c := start(t, sandbox.Options{Nodes: 1})
	if _, err := c.client.CoreV1().ServiceAccounts("default").Create(c.ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "reader"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.client.RbacV1().ClusterRoleBindings().Create(c.ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "reader"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: "default", Name: "reader"}, {Kind: "User", APIGroup: rbacv1.GroupName, Name: "vera"}},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	spec := serverPod(8000)
	spec.ServiceAccountName = "reader"
	c.pod("reader", spec)
	pod := c.waitPod("reader", "Ready", isReady)
	inPod := ask(t, "http://"+pod.Status.PodIP+":8000/").Env["KUBECONFIG"]
	vera, err := c.User("vera")
	if err != nil {
		t.Fatal(err)
	}
	for who, file := range map[string]string{"the pod": inPod, "vera": vera} {
		config, err := clientcmd.BuildConfigFromFlags("", file)
		if err != nil {
			t.Fatalf("%s: %v", who, err)
		}
		client, err := kubernetes.NewForConfig(config)
		if err != nil {
			t.Fatal(err)
		}
		// The role arrives by aggregation, which takes the controllers a moment.
		c.eventually(who+" may list Ingresses", func() error {
			_, err := client.NetworkingV1().Ingresses("").List(c.ctx, metav1.ListOptions{})
			return err
		})
		if _, err := client.CoreV1().Secrets("default").List(c.ctx, metav1.ListOptions{}); !apierrors.IsForbidden(err) {
			t.Errorf("%s lists Secrets: %v, want forbidden", who, err)
		}
	}
}

func TestWhoDidWhatIsRecorded(t *testing.T) {
	t.Parallel()
	c := start(t, sandbox.Options{Audit: true})
	if _, err := c.client.CoreV1().ConfigMaps("default").Create(c.ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "audited"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	c.eventually("an audit event", func() error {
		log, err := os.ReadFile(c.AuditLog())
		if err != nil {
			return err
		}
		for _, line := range strings.Split(string(log), "\n") {
			if strings.Contains(line, `"name":"audited"`) && strings.Contains(line, `"username":"sandbox-admin"`) && strings.Contains(line, `"verb":"create"`) {
				return nil
			}
		}
		return fmt.Errorf("there is none")
	})
	metrics, err := c.client.RESTClient().Get().AbsPath("/metrics").DoRaw(c.ctx)
	if err != nil || !strings.Contains(string(metrics), "apiserver_request_total") {
		t.Errorf("metrics of the API server: %d bytes, %v", len(metrics), err)
	}
}

func TestJobRunsItsInitContainersFirst(t *testing.T) {
	t.Parallel()
	c := start(t, sandbox.Options{Nodes: 1})
	container := func(name string) corev1.Container {
		return corev1.Container{Name: name, Image: "server:1", Args: []string{"-exit=0"}}
	}
	_, err := c.client.BatchV1().Jobs("default").Create(c.ctx, &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: "setup"},
		Spec: batchv1.JobSpec{Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "setup"}},
			Spec: corev1.PodSpec{
				RestartPolicy:  corev1.RestartPolicyNever,
				InitContainers: []corev1.Container{container("first")},
				Containers:     []corev1.Container{container("server")},
			},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.eventually("job complete", func() error {
		job, err := c.client.BatchV1().Jobs("default").Get(c.ctx, "setup", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if job.Status.Succeeded != 1 {
			return fmt.Errorf("status is %+v", job.Status)
		}
		return nil
	})
	pod := c.pods("setup")["edge-1"][0]
	first, main := pod.Status.InitContainerStatuses[0], pod.Status.ContainerStatuses[0]
	if first.State.Terminated == nil || main.State.Terminated == nil || main.State.Terminated.StartedAt.Before(&first.State.Terminated.FinishedAt) {
		t.Errorf("init container %+v, container %+v", first.State, main.State)
	}
}

func TestKubectlLogs(t *testing.T) {
	t.Parallel()
	c := start(t, sandbox.Options{Nodes: 1})
	c.pod("talks", serverPod(8000))
	c.waitPod("talks", "Ready", isReady)
	cmd := exec.Command(c.Kubectl(), "logs", "talks")
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig())
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "started\n" {
		t.Errorf("kubectl logs: %q, %v", out, err)
	}
}
