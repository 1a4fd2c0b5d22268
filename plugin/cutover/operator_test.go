package cutover_test

// operatorEnv makes the test binary an operator that runs one command of the
// engine on the cluster of a kubeconfig, and kills itself at a chosen write.
const operatorEnv = "INGRESS_MIGRATE_TEST_OPERATOR"

func runOperator() int { return 0 }
