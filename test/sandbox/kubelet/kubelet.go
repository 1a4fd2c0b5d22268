package kubelet

type Program struct{}
type APIServer struct{ URL string }
type Kubelet struct{}

func (k *Kubelet) Close() {}
