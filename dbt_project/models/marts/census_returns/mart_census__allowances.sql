with units as (
    select unit_code, unit_name, unit_level from {{ ref('dim_reporting_unit') }}
),

members as (
    select unit_code, census_year, member_code, has_returned, is_synthetic
    from {{ ref('int_census_returns__members') }}
),

codes as (
    select code, category, valid_from_year
    from {{ ref('census_return_codes') }}
    where item = 'allowance'
),

first_year as (
    select min(valid_from_year) as census_year from codes
),

allowances (allowance, allowance_label, allowance_order) as (
    values
    ('recruitment_bonus', 'Recruitment bonus', 1),
    ('retention_bonus', 'Retention bonus', 2),
    ('performance_award', 'Performance award', 3),
    ('car_allowance', 'Car allowance', 4),
    ('relocation_package', 'Relocation package', 5),
    ('regional_weighting', 'Regional weighting', 6),
    ('registration_fee', 'Social Work England fee paid', 7),
    ('disclosure_check', 'Disclosure and Barring Service fee paid', 8)
),

answers as (
    select
        returned.unit_code,
        returned.census_year,
        answered.allowance,
        codes.category as offer
    from {{ ref('stg_csww_census__authority') }} as returned
    cross join
        lateral (
            values
            ('recruitment_bonus', returned.recruitment_bonus),
            ('retention_bonus', returned.retention_bonus),
            ('performance_award', returned.performance_award),
            ('car_allowance', returned.car_allowance),
            ('relocation_package', returned.relocation_package),
            ('regional_weighting', returned.regional_weighting),
            ('registration_fee', returned.registration_fee_paid),
            ('disclosure_check', returned.disclosure_check_paid)
        ) as answered (allowance, code)
    left join codes on answered.code = codes.code
),

-- Where the halves of a joint unit answer differently, some of its social workers are eligible. Null where one does not
-- say.
offers as (
    select
        unit_code,
        census_year,
        allowance,
        case
            when count(*) > count(offer) then null
            when count(distinct offer) = 1 then min(offer)
            else 'to_some'
        end as offer
    from answers
    group by unit_code, census_year, allowance
),

counted as (
    select
        members.unit_code,
        members.census_year,
        allowances.allowance,
        count(*) filter (where offers.offer = 'to_all') as units_to_all,
        count(*) filter (where offers.offer = 'to_some') as units_to_some,
        count(*) filter (where offers.offer = 'not_offered') as units_not_offering,
        count(offers.offer) as units_counted,
        count(*) as units_expected,
        min(offers.offer) as only_offer,
        bool_or(members.is_synthetic) as is_synthetic
    from members
    cross join allowances
    left join offers
        on
            members.member_code = offers.unit_code
            and members.census_year = offers.census_year
            and allowances.allowance = offers.allowance
            and members.has_returned
    group by members.unit_code, members.census_year, allowances.allowance
),

judged as (
    select
        counted.*,
        case
            when counted.census_year < first_year.census_year then 'z'
            when
                counted.units_counted = 0
                or not {{ is_covered('counted.units_counted', 'counted.units_expected') }}
                then 'x'
        end as units_status
    from counted
    cross join first_year
),

final as (
    select
        judged.unit_code,
        units.unit_name,
        units.unit_level,
        judged.census_year,
        judged.allowance,
        allowances.allowance_label,
        allowances.allowance_order,
        case when units.unit_level = 'authority' then judged.only_offer end as offer,
        case when judged.units_status is null then judged.units_to_all::integer end as units_to_all,
        case when judged.units_status is null then judged.units_to_some::integer end as units_to_some,
        case when judged.units_status is null then judged.units_not_offering::integer end as units_not_offering,
        judged.units_status,
        case
            when judged.units_status is null and units.unit_level <> 'authority'
                then
                    trim_scale({{ share_pct('(judged.units_to_all + judged.units_to_some)', 'judged.units_counted') }})
        end as share_offering_pct,
        case when units.unit_level = 'authority' then 'z' else judged.units_status end as share_status,
        judged.units_counted::integer as units_counted,
        judged.units_expected::integer as units_expected,
        {{ coverage_label('judged.units_counted', 'judged.units_expected') }} as coverage_label,
        judged.is_synthetic
    from judged
    inner join units on judged.unit_code = units.unit_code
    inner join allowances on judged.allowance = allowances.allowance
)

select * from final
