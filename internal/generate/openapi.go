package generate

import (
	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/openapi"
)

// openAPI is the description of the API.
func openAPI(string) (files, error) {
	document, err := openapi.Document(api.Endpoints())
	return files{"docs/openapi.json": document}, err
}
