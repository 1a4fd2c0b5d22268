package static

import "github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"

// foreign are the providers besides Kubernetes. What they read (labels, keys,
// files) is written in the words of Traefik 1.7, so none of them is switched on in
// the output: it would read nothing, or make routes that nobody has looked at.
var foreign = [][2]string{
	{"boltdb", "Traefik 2 and 3 do not read BoltDB"},
	{"consul", "Traefik 2 and 3 read Consul's keys (providers.consul), in another form"},
	{"consulcatalog", "Traefik 2 and 3 read Consul's catalogue (providers.consulCatalog), with other tags"},
	{"docker", "Traefik 2 and 3 read Docker (providers.docker; Swarm: providers.swarm in Traefik 3), with other labels"},
	{"dynamodb", "Traefik 2 and 3 do not read DynamoDB"},
	{"ecs", "Traefik 2 and 3 read ECS (providers.ecs), with other labels"},
	{"etcd", "Traefik 2 and 3 read etcd (providers.etcd), in another form"},
	{"eureka", "Traefik 2 and 3 do not read Eureka"},
	{"file", "Traefik 2 and 3 read files (providers.file), in another form"},
	{"marathon", "Traefik 2 reads Marathon (providers.marathon), with other labels; Traefik 3 does not"},
	{"mesos", "Traefik 2 and 3 do not read Mesos"},
	{"rancher", "Traefik 2 reads Rancher (providers.rancher), with other labels; Traefik 3 does not"},
	{"rest", "Traefik 2 and 3 take routes over HTTP (providers.rest), in another form"},
	{"servicefabric", "Traefik 2 and 3 do not read Service Fabric"},
	{"zookeeper", "Traefik 2 and 3 read ZooKeeper (providers.zooKeeper), in another form"},
}

func (r *conversion) providers() {
	for _, provider := range foreign {
		if s := r.first(provider[0]); s != nil {
			r.all(diag.EStaticProvider, provider[0], s, provider[1])
		}
	}
}
