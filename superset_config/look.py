"""One look for every page: palette, theme, number and date formats.

Colours: Government Analysis Function, "Data visualisation: colours in charts". The categorical colours
meet 3:1 against their neighbour only in this order, so they are never reordered.
"""

from typing import Any

APP_NAME = "London children's workforce data"

DARK_BLUE, TURQUOISE, DARK_PINK, ORANGE, DARK_GREY, LIGHT_PURPLE = PALETTE = (
    "#12436D",
    "#28A197",
    "#801650",
    "#F46A25",
    "#3D3D3D",
    "#A285D1",
)
SEQUENTIAL = (DARK_BLUE, "#2073BC", "#6BACE6")
TEXT = "#0B0C0C"
SECONDARY_TEXT = "#505A5F"
BORDER = "#B1B4B6"
PAGE = "#F3F2F1"
WARNING_RED = "#CA3535"

# GDS Transport may be used on gov.uk alone; Arial is what the design system falls back to.
FONT = "Arial, 'Liberation Sans', Helvetica, sans-serif"

TOKENS: dict[str, Any] = {
    "brandAppName": APP_NAME,
    "brandLogoAlt": APP_NAME,
    "brandLogoUrl": "/workforce-static/logo.svg",
    "brandLogoHref": "/",
    "brandLogoHeight": "32px",
    "brandLogoMargin": "12px 0",
    "brandIconMaxWidth": 330,
    "brandSpinnerUrl": "/workforce-static/spinner.svg",
    "colorPrimary": DARK_BLUE,
    "colorLink": DARK_BLUE,
    "colorInfo": "#2073BC",
    "colorSuccess": "#0F7A52",
    "colorWarning": ORANGE,
    "colorError": WARNING_RED,
    "fontFamily": FONT,
    "fontUrls": [],
    "borderRadius": 2,
}

THEME_DEFAULT: dict[str, Any] = {
    "token": {
        **TOKENS,
        "colorTextBase": TEXT,
        "colorBgLayout": PAGE,
        "colorBorder": BORDER,
    },
    "algorithm": "default",
}

CATEGORICAL_SCHEMES = [
    {
        "id": "workforce",
        "description": "Government Analysis Function categorical palette, in the order that keeps its contrast",
        "label": "London children's workforce",
        "isDefault": True,
        "colors": list(PALETTE),
    }
]

SEQUENTIAL_SCHEMES = [
    {
        "id": "workforce_sequential",
        "description": "Government Analysis Function sequential palette",
        "isDiverging": False,
        "label": "London children's workforce, light to dark",
        "isDefault": True,
        "colors": list(reversed(SEQUENTIAL)),
    }
]

D3_FORMAT = {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["£", ""]}

D3_TIME_FORMAT = {
    "dateTime": "%A %e %B %Y, %X",
    "date": "%d/%m/%Y",
    "time": "%H:%M:%S",
    "periods": ["am", "pm"],
    "days": ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
    "shortDays": ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
    "months": [
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ],
    "shortMonths": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
}  # fmt: skip
