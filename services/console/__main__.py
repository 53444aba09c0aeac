"""``python -m services.console``."""

from services.console.app import PORT, build
from shared.runtime.observability.logs import set_up_logs
from shared.runtime.process import serve
from shared.runtime.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    set_up_logs("console", settings.log)
    serve(build, settings, PORT)
