package elbv2

import (
	"errors"
	"fmt"

	"github.com/aws/smithy-go"
)

// failed says what was attempted and, of what AWS answers most, what to do.
func failed(attempt string, err error) error {
	operation := ""
	var of *smithy.OperationError
	if errors.As(err, &of) {
		operation = of.Operation()
	}
	var answer smithy.APIError
	if !errors.As(err, &answer) {
		return fmt.Errorf("could not %s: %w", attempt, err)
	}
	said := fmt.Sprintf("AWS answers %s: %s", answer.ErrorCode(), answer.ErrorMessage())
	switch answer.ErrorCode() {
	case "AccessDenied", "AccessDeniedException", "UnauthorizedOperation":
		return fmt.Errorf("could not %s: the credentials lack the action elasticloadbalancing:%s; let somebody allow it (%s)", attempt, operation, said)
	case "ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch":
		return fmt.Errorf("could not %s: AWS does not accept the credentials; log in again (%s)", attempt, said)
	case "PriorityInUse":
		return fmt.Errorf("could not %s: another rule has that priority by now; look at the rules of the listener, and try again (%s)", attempt, said)
	case "TooManyRules":
		return fmt.Errorf("could not %s: the listener may have no more rules; ask AWS for a higher quota, or do without the header (%s)", attempt, said)
	case "Throttling", "ThrottlingException", "RequestLimitExceeded":
		return fmt.Errorf("could not %s: too many requests are sent to AWS by this account, and retries did not help; try again in a minute (%s)", attempt, said)
	}
	return fmt.Errorf("could not %s: %s", attempt, said)
}
