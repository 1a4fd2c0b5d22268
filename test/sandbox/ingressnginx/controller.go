package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"k8s.io/ingress-nginx/internal/ingress/controller"
	"k8s.io/ingress-nginx/internal/ingress/metric"
	"k8s.io/ingress-nginx/internal/k8s"
	"k8s.io/ingress-nginx/internal/net/ssl"
	"k8s.io/ingress-nginx/internal/nginx"
	"k8s.io/ingress-nginx/pkg/flags"
	"k8s.io/ingress-nginx/pkg/util/file"
)

// serve is what the controller's own command does, but for signals, metrics and
// profiles. It returns when nginx cannot be run.
func serve() error {
	if err := furnish(); err != nil {
		return err
	}
	for name, value := range map[string]string{
		"NGINX_BINARY": "/etc/nginx/nginx", "LD_LIBRARY_PATH": "/packages/usr/lib/" + triplet + ":/packages/lib/" + triplet,
	} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	_, conf, err := flags.ParseFlags()
	if err != nil {
		return fmt.Errorf("reading the flags: %w", err)
	}
	// Flags want ports that this process may take; see INGRESS_NGINX_PORTS.
	conf.ListenPorts.HTTP, conf.ListenPorts.HTTPS = 80, 443
	if err := file.CreateRequiredDirectories(); err != nil {
		return err
	}
	if err := swallowStreams(); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags(conf.APIServerHost, conf.KubeConfigFile)
	if err != nil {
		return fmt.Errorf("finding the API server: %w", err)
	}
	// The fake API answers at once; a load of hundreds of objects must not queue.
	config.QPS, config.Burst = 1e6, 1e6
	if conf.Client, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	k8s.IngressPodDetails = &k8s.PodInfo{}
	k8s.IngressPodDetails.Namespace, k8s.IngressPodDetails.Name = os.Getenv("POD_NAMESPACE"), os.Getenv("POD_NAME")
	k8s.IngressNodeDetails = &k8s.NodeInfo{}
	conf.FakeCertificate = ssl.GetFakeSSLCert()
	controller.NewNGINXController(conf, metric.NewDummyCollector()).Start()
	return fmt.Errorf("the controller ended")
}

// swallowStreams takes what the controller tells the stream section, which nginx
// has not here, about TCP and UDP services.
func swallowStreams() error {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(nginx.StreamPort)))
	if err != nil {
		return err
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			io.Copy(io.Discard, connection)
			connection.Close()
		}
	}()
	return nil
}
