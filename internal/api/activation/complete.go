package activation

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Complete opens an account.
func Complete() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "activation-complete", Method: http.MethodPost, Path: "/v1/activations", Status: http.StatusOK,
		Summary: "Consumes an activation link: sets the password, or confirms the one that the person has.",
		Access:  endpoint.Public("the link is the proof"),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.DeleteItems},
		Hashes:  true,
		Errors:  []*domain.Error{domain.ErrLink, domain.ErrWrongPassword, domain.ErrThrottled},
	}, func(in *completeRequest, w *domain.Want) { want(in.Token, w) }, complete)
}

type completeRequest struct {
	Token    string `json:"token" required:"true" minLength:"1" description:"From the link in the mail."`
	Password string `json:"password" required:"true" format:"password" minLength:"8" maxLength:"128"`
}

type completeResponse struct {
	Email          domain.Email          `json:"email" format:"email" example:"aino.virtanen@example.com"`
	OrganizationID domain.OrganizationID `json:"organizationId"`
}

func complete(ctx context.Context, call *endpoint.Call, in *completeRequest) (completeResponse, error) {
	t, _ := token(in.Token)
	done, err := domain.Activate(ctx, call.Store, call.Hasher, call.Change, call.Scene, t, call.Profile, in.Password, call.Source)
	if err != nil {
		return completeResponse{}, err
	}
	return completeResponse{Email: done.Person.Email, OrganizationID: done.Organization.ID}, nil
}
