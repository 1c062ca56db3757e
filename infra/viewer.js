// Runs in the distribution for every request: tells the API who calls. Whatever
// the caller has said under that name is gone.
function handler(event) {
    var request = event.request;
    request.headers['x-fullmakt-viewer'] = { value: event.viewer.ip };
    return request;
}
