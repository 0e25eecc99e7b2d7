# ruff: noqa: E501 - a row of a table stays on one line
"""Figures as DfE published them in the 2024 release, to check the marts against.

Typed from the project's reference on the census (sections 6.3, 7 and 8); none is computed here. Each table is read
by `read_table`, whose first column names an indicator, a unit or a role.
"""

from collections.abc import Iterator

ENGLAND = """
|2017|2018|2019|2020|2021|2022|2023|2024
in post FTE|28482.6|29464.9|30683.8|31852.3|32502|31634.1|33119.1|34328.2
in post headcount|30646|31653|32851|33928|34620|33689|35199|36402
starters FTE|5500.5|5209.7|5928.9|5202.4|5518.7|4825.6|6027.5|5613.4
starters headcount|5726|5426|6190|5424|5758|5054|6247|5822
leavers FTE|3811.8|4451.6|4607.5|4294.2|4994.5|5422|5254.6|4728.7
leavers headcount|4204|4827|4963|4618|5388|5796|5640|5073
turnover % FTE|13.4|15.1|15|13.5|15.4|17.2|15.9|13.8
turnover % headcount|13.7|15.2|15.1|13.6|15.6|17.3|16|13.9
agency FTE|5343.2|5356.3|5753.5|5800.9|5969.5|6759.7|7178.5|6520.7
agency headcount|5689|5529|6090|5969|6139|6969|7429|6704
agency % FTE|15.8|15.4|15.8|15.4|15.5|17.6|17.9|16.2
agency % headcount|15.7|14.9|15.6|15|15.1|17.1|17.4|15.7
agency covering vacancies FTE|3864.7|4166.4|4414|4529|4557.8|5440.5|5744.2|5313.2
agency cover %|74.2|77.8|76.7|78.1|76.4|80.5|79.8|81.3
vacancies FTE|5822.6|5812.4|6036.6|6112.6|6521.9|7912.9|7722.7|7188.6
vacancy %|17|16.5|16.4|16.1|16.7|20|18.9|17.3
vacancies covered by agency %|67.5|72.3|73.1|74.1|69.9|68.8|74.4|76.2
case holders FTE|17840.6|18787.3|20003.8|20530.8|20548.9|20206|21111.4|20803.5
cases|316647|327313|337202|334706|335201|335563|337055|320461
caseload|17.7|17.4|16.9|16.3|16.3|16.6|16|15.4
working days lost|224856.9|234873.6|241345.6|231354.1|257240.9|283440.5|270451|287194.9
absence %|3.1|3.2|3.1|2.9|3.1|3.5|3.2|3.4
"""

LONDON = """
|2017|2018|2019|2020|2021|2022|2023|2024
in post FTE|4741.9|4850.2|5148|5345.8|5509.4|5392.8|5683.2|5869.9
in post headcount|4959|5059|5384|5525|5691|5549|5860|6063
starters FTE|1095.8|1010.8|1226|1008|1038.7|942|1139.3|979.9
starters headcount|1116|1026|1258|1026|1059|954|1152|996
leavers FTE|822.3|905.3|901.1|900.9|1008.6|1053.9|938.1|896.5
leavers headcount|872|941|941|935|1048|1085|962|917
turnover % FTE|17.3|18.7|17.5|16.9|18.3|19.5|16.5|15.3
turnover % headcount|17.6|18.6|17.5|16.9|18.4|19.6|16.4|15.1
agency FTE|1708.5|1676.4|1616.4|1539.3|1553.9|1700|1679|1650.6
agency headcount|1776|1741|1778|1622|1615|1779|1784|1745
agency % FTE|26.5|25.7|23.9|22.4|22|24|23.2|21.9
agency % headcount|26.4|25.6|24.8|22.7|22.1|24.3|23.3|22.3
agency covering vacancies FTE|1245.2|1365.5|1297|1205.6|1351|1493.8|1548.7|1488.6
agency cover %|74.6|81.5|80.2|78.3|86.9|87.9|91.2|90.2
vacancies FTE|1636.3|1666.2|1649|1670.1|1687.9|1907.1|1914.7|1724.1
vacancy %|25.7|25.6|24.3|23.8|23.5|26.1|25.2|22.7
vacancies covered by agency %|77.2|84.3|78.7|72.2|80|78.3|80.9|86.3
case holders FTE|3034.1|3462.1|3665.8|3477.3|3543.3|3413.3|3649.1|3636.2
cases|48868|54625|55487|50818|51479|49612|52580|50225
caseload|16.1|15.8|15.1|14.6|14.5|14.5|14.4|13.8
working days lost|25247.4|27522|26185.5|29440.3|32665.3|40071.8|35915.1|40695.9
absence %|2.1|2.2|2|2.2|2.3|2.9|2.5|2.7
"""

INNER_AND_OUTER = """
|in post FTE|headcount|starters FTE|leavers FTE|turnover %|agency FTE|agency %|agency cover FTE|vacancies FTE|vacancy %|vacancies covered %|cases|caseload|absence %
Inner 2022|2439.2|2525|342.3|441.3|18.1|785.6|24.4|696|845.5|25.7|82.3|21080|13.9|3.1
Inner 2023|2592.1|2678|467|379.9|14.7|788.5|23.3|724.9|912.2|26|79.5|20959|13.4|2.5
Inner 2024|2675.5|2766|420.1|388.4|14.5|733|21.5|678.9|744.6|21.8|91.2|20345|12.9|2.6
Outer 2022|2953.6|3024|599.7|612.5|20.7|914.4|23.6|797.8|1061.6|26.4|75.1|28532|15.1|2.8
Outer 2023|3091.1|3182|672.3|558.3|18.1|890.5|23|823.8|1002.5|24.5|82.2|31621|15.2|2.5
Outer 2024|3194.4|3297|559.9|508.1|15.9|917.5|22.3|809.7|979.5|23.5|82.7|29880|14.5|2.8
"""

LONDON_ETHNICITY = """
|2019|2020|2021|2022|2023|2024
White|2171 (47.6)|2115 (46.2)|2142 (45.2)|2078 (44.7)|2142 (43.7)|2181 (41.8)
Black|1613 (35.4)|1663 (36.3)|1711 (36.1)|1691 (36.3)|1882 (38.4)|2066 (39.6)
Asian|441 (9.7)|462 (10.1)|470 (9.9)|483 (10.4)|525 (10.7)|587 (11.3)
Mixed|256 (5.6)|267 (5.8)|344 (7.3)|312 (6.7)|252 (5.1)|279 (5.3)
Other|77 (1.7)|70 (1.5)|77 (1.6)|89 (1.9)|103 (2.1)|103 (2.0)
Known (% of total)|4558 (84.7)|4577 (82.8)|4744 (83.4)|4653 (83.9)|4904 (83.7)|5216 (86.0)
Not known (% of total)|826 (15.3)|948 (17.2)|947 (16.6)|896 (16.1)|956 (16.3)|847 (14.0)
Total|5384|5525|5691|5549|5860|6063
"""

LONDON_ROLES_2024 = """
Role|Total|Known|White|Black|Asian|Mixed|Other
Total|6063|5216|2181 (41.8)|2066 (39.6)|587 (11.3)|279 (5.3)|103 (2.0)
Case holder|2269|1943|614 (31.6)|956 (49.2)|224 (11.5)|111 (5.7)|38 (2.0)
Qualified without cases|1278|1085|483 (44.5)|373 (34.4)|143 (13.2)|63 (5.8)|23 (2.1)
Senior practitioner|948|812|366 (45.1)|315 (38.8)|78 (9.6)|36 (4.4)|17 (2.1)
First line manager|1054|912|444 (48.7)|307 (33.7)|97 (10.6)|49 (5.4)|15 (1.6)
Middle manager|364|331|189 (57.1)|89 (26.9)|33 (10.0)|15 (4.5)|5 (1.5)
Senior manager|150|133|85 (63.9)|26 (19.5)|12 (9.0)|5 (3.8)|5 (3.8)
"""

AUTHORITIES_2024 = """
LA|in post FTE|HC|starters FTE|leavers FTE|turnover %|agency FTE|agency HC|agency %|vacancy FTE|vacancy %|cases|caseload|absence %
Barking and Dagenham|209.4|212|51|36|17.2|48|48|18.6|32|13.3|2016|14.9|2.9
Barnet|180.2|183|18.6|11|6.1|75|75|29.4|41.5|18.7|1604|14.2|3.1
Bexley|196.8|204|35|36.6|18.6|19|19|8.8|40.7|17.1|1288|14.2|1.6
Brent|180.5|181|34|20.4|11.3|50|50|21.7|50|21.7|2269|15.2|3
Bromley|220.4|227|56|30|13.6|32|32|12.7|51.1|18.8|1706|14|2.6
Camden|178.8|189|34|29.1|16.3|26.8|32|13|23|11.4|1029|12.2|2.3
City of London|11|11|2|3|27.3|2|2|15.4|1|8.3|67|9.6|4.7
Croydon|260.3|263|58|40|15.4|116|116|30.8|125|32.4|3186|16|4
Ealing|208.4|224|27.2|33.9|16.3|80.2|83|27.8|78|27.2|1658|13.5|3
Enfield|213.3|223|25.5|27|12.7|39|42|15.4|23|9.7|1530|12.6|2.6
Greenwich|226.7|235|34|27.6|12.2|43.6|44|16.1|46.6|17.1|1895|11.5|3.5
Hackney|178.7|189|23.6|25.6|14.3|83|83|31.7|93|34.2|2192|14.4|2.5
Hammersmith and Fulham|153.9|158|28.8|21.3|13.8|17|17|9.9|8|4.9|1232|13|2.5
Haringey|196.7|200|27|25.6|13|51.7|52|20.8|51.7|20.8|1536|14.6|4.4
Harrow|112.4|117|11|32.5|28.9|66.3|67|37.1|60|34.8|1429|14.7|5
Havering|149.8|153|25|33.2|22.2|100|100|40|108|41.9|2643|18.9|2.9
Hillingdon|161.3|165|28.3|33.9|21|59|59|26.8|77|32.3|711|15.9|2.1
Hounslow|146|150|11|19|13|19|19|11.5|33|18.4|1097|12.8|3.6
Islington|238.8|257|28.5|43.7|18.3|80.1|81|25.1|90|27.4|1715|10.7|1.8
Kensington and Chelsea|182.9|189|16|21|11.5|x|27|x|5|2.7|569|10.9|1
Kingston upon Thames / Richmond upon Thames|148.8|153|31|18.6|12.5|35|35|19|35|19|1731|13|1.2
Lambeth|170.5|172|53|35.6|20.9|132|132|43.6|132|43.6|1412|11.5|3.6
Lewisham|199.5|205|22|32.6|16.4|79|79|28.4|78|28.1|1813|13.6|2.7
Merton|120.1|124|28|29.6|24.6|34|34|22.1|41|25.5|975|13.8|3.1
Newham|235.9|238|42|26|11|76|77|24.4|75|24.1|2568|15.1|2.6
Redbridge|184.9|195|42|42.5|23|15.6|16|7.8|42.6|18.7|1356|16.3|2.4
Southwark|318.1|333|66|45.8|14.4|80.1|86|20.1|97|23.4|2085|12.9|1.9
Sutton|119.9|130|15.3|21.8|18.2|24|43|16.7|33|21.6|1160|14.4|3
Tower Hamlets|278.6|287|29|22.6|8.1|82.8|90|22.9|48|14.7|2148|11.9|3.1
Waltham Forest|155.1|158|29|14.5|9.3|62|62|28.6|62|28.6|1626|15.5|1.5
Wandsworth|183.8|186|22|31.8|17.3|17.6|19|8.7|41.9|18.6|1279|13.3|2.8
Westminster|148.4|152|26.2|24.8|16.7|x|24|x|1|0.7|700|12.2|2.8
"""

AUTHORITIES_2023 = """
LA|in post FTE|HC|starters FTE|leavers FTE|turnover %|agency FTE|agency HC|agency %|vacancy FTE|vacancy %|cases|caseload|absence %
Barking and Dagenham|192.2|193|50|46.8|24.3|53|53|21.6|58|23.2|2000|15.3|1.8
Barnet|165.7|168|29|26|15.7|79|79|32.3|47.5|22.3|1432|15|2
Bexley|198.8|206|61.1|36|18.1|38|38|16|39.3|16.5|1427|13.9|1.2
Brent|166.9|168|37|24|14.4|68|68|28.9|74|30.7|2256|15.1|2.5
Bromley|188.3|198|36.4|38.7|20.5|87|87|31.6|87|31.6|1978|13.9|1.8
Camden|172.2|184|28|27.8|16.1|28.4|37|14.1|51|22.9|1043|12.4|2
City of London|12|12|2|2|16.7|2|4|14.3|0|0|92|13.1|12.1
Croydon|222.9|225|19|88.4|39.6|89|89|28.5|113|33.6|3023|17.6|3.2
Ealing|215.4|233|38.3|43.7|20.3|66.5|69|23.6|61|22.1|1847|14.4|3.1
Enfield|213.1|221|38.8|28|13.1|40.1|42|15.8|32|13.1|1863|14.9|2.9
Greenwich|219.1|228|45|22.2|10.1|41|41|15.8|50|18.6|1912|12.2|3.1
Hackney|177.5|186|24.5|25.6|14.4|72.7|75|29|80|31.1|2292|14.7|2.5
Hammersmith and Fulham|147.1|151|35|24.2|16.5|21|21|12.5|17|10.4|1142|13.5|3.3
Haringey|196.1|199|42|22|11.2|62|63|24|62|24|1750|14.4|3.8
Harrow|136|139|28|26.2|19.2|27|27|16.6|26|16|1663|18.1|3.1
Havering|150.4|155|45.6|11|7.3|51.7|52|25.6|58|27.8|2740|20.4|4.5
Hillingdon|166|169|51|23|13.9|45.6|46|21.5|53|24.2|1301|13.5|2.3
Hounslow|138|138|32|22|15.9|37|37|21.1|38|21.6|1335|14.8|1.8
Islington|245.4|259|33|39.4|16.1|45|50|15.5|69|22|1186|10.8|1.8
Kensington and Chelsea|173.2|179|33.8|22.4|12.9|x|23|x|7|3.9|546|11.6|2.8
Kingston upon Thames / Richmond upon Thames|137.4|142|28.4|16.3|11.9|40|40|22.5|54|28.2|1481|12.3|1.4
Lambeth|152.3|155|25|40|26.3|132.5|136|46.5|188.8|55.3|2006|15|3.7
Lewisham|196.5|202|57.6|33.4|17|99|99|33.5|99|33.5|1767|13.7|1.7
Merton|122.2|127|33.8|18.4|15.1|34|34|21.8|39.4|24.4|982|15.1|2.3
Newham|178.4|181|50|22.8|12.8|96.8|97|35.2|108|37.7|2516|15.8|1.4
Redbridge|186.6|189|58.5|50.3|27|18.6|19|9.1|33.6|15.3|1577|15.1|2.4
Southwark|330.8|343|50.5|34.7|10.5|111|111|25.1|102|23.6|2509|13|1.8
Sutton|127.1|135|22.8|20.3|16|u|29|u|68.7|35.1|931|14.5|4.5
Tower Hamlets|270.5|280|25.6|34.8|12.9|83.4|86|23.6|80|22.8|2149|13.3|3
Waltham Forest|144.9|148|17.5|17|11.7|70|70|32.6|70|32.6|1873|17|1.1
Wandsworth|192|195|43|29|15.1|34.8|36|15.3|45.4|19.1|1217|10.3|2
Westminster|148.2|152|17|21.8|14.7|x|26|x|3|2|744|11.8|2.8
"""

RATES_WITHOUT_WITHHELD_AUTHORITIES = """
area and year|rate|authority left out|published|recomputed
North East 2022|turnover %|Gateshead|14.8|14.79
England 2022|turnover %|Gateshead|17.2|17.22
West Midlands 2024|agency %|Birmingham|13.9|13.91
England 2024|agency %|Birmingham|16.2|16.15
Outer London 2023|agency %|Sutton|23.0|23.00
London 2023|agency %|Sutton|23.2|23.15
Outer London 2023|agency cover|Sutton|90.5|90.55
London 2023|agency cover|Sutton|91.2|91.20
West Midlands 2024|vacancy cover|Birmingham|69.2|69.22
England 2024|vacancy cover|Birmingham|76.2|76.09
West Midlands 2024|absence|Birmingham|3.8|3.82
North West 2023|absence|Sefton|3.9|3.89
"""

LABELS = {
    "in post FTE": "inpost_fte",
    "in post headcount": "inpost_headcount",
    "headcount": "inpost_headcount",
    "HC": "inpost_headcount",
    "starters FTE": "starters_fte",
    "starters headcount": "starters_headcount",
    "leavers FTE": "leavers_fte",
    "leavers headcount": "leavers_headcount",
    "turnover % FTE": "turnover_rate_fte",
    "turnover %": "turnover_rate_fte",
    "turnover FTE": "turnover_rate_fte",
    "turnover % headcount": "turnover_rate_headcount",
    "agency FTE": "agency_fte",
    "agency headcount": "agency_headcount",
    "agency HC": "agency_headcount",
    "agency % FTE": "agency_rate_fte",
    "agency %": "agency_rate_fte",
    "agency % headcount": "agency_rate_headcount",
    "agency covering vacancies FTE": "agency_cover_fte",
    "agency cover FTE": "agency_cover_fte",
    "agency cover %": "agency_cover_rate_fte",
    "agency cover": "agency_cover_rate_fte",
    "vacancies FTE": "vacancy_fte",
    "vacancy FTE": "vacancy_fte",
    "vacancy %": "vacancy_rate_fte",
    "vacancies covered by agency %": "vacancy_agency_cover_rate_fte",
    "vacancies covered %": "vacancy_agency_cover_rate_fte",
    "vacancy cover": "vacancy_agency_cover_rate_fte",
    "case holders FTE": "case_holders_fte",
    "cases": "cases",
    "caseload": "caseload_fte",
    "working days lost": "working_days_lost_fte",
    "absence %": "absence_rate_fte",
    "absence": "absence_rate_fte",
}


def read_table(table: str) -> Iterator[tuple[str, str, str]]:
    """Each cell of a table as (row heading, column heading, text)."""
    headings, *rows = (line.split("|") for line in table.strip("\n").splitlines())
    for first, *cells in rows:
        for heading, cell in zip(headings[1:], cells, strict=True):
            yield first, heading, cell


def number_or_symbol(text: str) -> tuple[float | None, str | None]:
    """A published cell as the marts hold it: a number and no status, or no number and a symbol."""
    try:
        return float(text), None
    except ValueError:
        return None, text
