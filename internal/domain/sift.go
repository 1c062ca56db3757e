package domain

// How much one request reads of a list from which not everything is shown.
const (
	siftSteps = 5
	siftSize  = 200 // of each step but the first, which is of the page's size
	siftMost  = siftSteps * siftSize
)

// sift is a page of what is to be kept of a list. It reads no more than a few
// steps of it, so that a page can have fewer items than were asked for, even
// none, and not be the last. read may return more than it was asked for.
func sift[T any](req PageRequest, read func(PageRequest) (Page[T], error), keep func(T) bool) (Page[T], error) {
	out := Page[T]{Next: req.After}
	size := req.Limit
	for range siftSteps {
		found, err := read(PageRequest{Limit: size, After: out.Next})
		if err != nil {
			return Page[T]{}, err
		}
		for i, item := range found.Items {
			if !keep(item) {
				continue
			}
			if len(out.Items) == req.Limit {
				out.Next = out.Keys[req.Limit-1]
				return out, nil
			}
			out.Items, out.Keys = append(out.Items, item), append(out.Keys, found.Keys[i])
		}
		if out.Next = found.Next; out.Next == "" || len(out.Items) == req.Limit {
			break
		}
		size = siftSize
	}
	return out, nil
}
